// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/Objective.h"

#include "learn/ssl/Layers.h"
#include "learn/ssl/Losses.h"

#include <functional>
#include <map>
#include <utility>

namespace foveate::learn::ssl {
namespace {

using torch::nn::Sequential;
using Loss = std::function<at::Tensor(const Projection&)>;
using GroupPointer = std::shared_ptr<const Group>;

class ProjectedObjective : public Objective {
public:
    ProjectedObjective(Sequential projector, Sequential predictor, Loss loss)
        : m_projector(std::move(projector)), m_predictor(std::move(predictor)), m_loss(std::move(loss))
    {
        if (m_projector)
            register_module("projector", m_projector);
        if (m_predictor)
            register_module("predictor", m_predictor);
    }

    Projection project(const at::Tensor& features) override
    {
        const at::Tensor z = m_projector ? m_projector->forward(features) : features;
        return {z, m_predictor ? m_predictor->forward(z) : z};
    }

    at::Tensor loss(const Projection& projection) const override
    {
        return m_loss({projection.z.to(at::kFloat), projection.p.to(at::kFloat)});
    }

private:
    Sequential m_projector, m_predictor;
    Loss m_loss;
};

Result<Sequential> contrastiveHead(const std::string& head, int features, const GroupPointer& group)
{
    if (head == "p3")
        return layers({features, 512, 128}, Between::relu);
    if (head == "p2")
        return layers({features, 128, 128, 128}, Between::relu);
    if (head == "p1")
        return layers({features, 512, 512, 128}, Between::normRelu, group);
    if (head == "none")
        return Sequential(nullptr);
    return fail(Code::usage, {"head"});
}

std::map<std::string, Loss> contrastiveLosses(double temperature, double sigma)
{
    return {{"simclr", [=](const Projection& q) { return ntXent(q.z, temperature); }},
            {"dcl", [=](const Projection& q) { return dcl(q.z, temperature); }},
            {"dclw", [=](const Projection& q) { return dclw(q.z, temperature, sigma); }},
            {"dclw-p3", [=](const Projection& q) { return dclwOneSided(q.z, temperature, sigma); }}};
}

std::shared_ptr<Objective> makeSimSiam(int features, bool predicts, const GroupPointer& group)
{
    Sequential projector = layers({features, 2048, 512}, Between::normRelu, group);
    projector->push_back(SyncNorm1d(512, group));
    Sequential predictor = predicts ? layers({512, 128, 512}, Between::normRelu, group) : Sequential(nullptr);
    return std::make_shared<ProjectedObjective>(projector, predictor,
                                                [](const Projection& q) { return simSiam(q.p, q.z); });
}

std::shared_ptr<Objective> makeVicReg(int features, Hinge hinge, const GroupPointer& group)
{
    return std::make_shared<ProjectedObjective>(layers({features, 4096, 4096}, Between::normRelu, group),
                                                Sequential(nullptr),
                                                [hinge](const Projection& q) { return vicReg(q.z, hinge); });
}

Result<std::shared_ptr<Objective>> choose(const ObjectiveOptions& options, int features, const GroupPointer& group)
{
    const std::map<std::string, Loss> contrastive = contrastiveLosses(options.temperature, options.sigma);
    if (const auto found = contrastive.find(options.method); found != contrastive.end()) {
        FOVEATE_TRY(Sequential head, contrastiveHead(options.head, features, group));
        return std::make_shared<ProjectedObjective>(head, Sequential(nullptr), found->second);
    }
    if (options.method == "simsiam" || options.method == "simsiam-p3")
        return makeSimSiam(features, options.method == "simsiam", group);
    if (options.method == "vicreg" || options.method == "vicreg-p3")
        return makeVicReg(features, options.method == "vicreg" ? Hinge::mean : Hinge::sum, group);
    return fail(Code::usage, {"method"});
}

} // namespace

std::vector<std::string> methods()
{
    return {"simclr", "dcl", "dclw", "dclw-p3", "simsiam", "simsiam-p3", "vicreg", "vicreg-p3"};
}

Result<std::shared_ptr<Objective>> makeObjective(const ObjectiveOptions& options, int features, std::uint64_t seed,
                                                 const GroupPointer& group)
{
    FOVEATE_TRY(std::shared_ptr<Objective> objective, choose(options, features, group));
    initialise(*objective, seed);
    return objective;
}

} // namespace foveate::learn::ssl
