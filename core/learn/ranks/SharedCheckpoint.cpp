// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ranks/SharedCheckpoint.h"

#include <ATen/ATen.h>

namespace foveate::learn {
namespace {

using nlohmann::json;

json shapesOf(const TensorMap& tensors)
{
    json shapes = json::object();
    for (const auto& [name, tensor] : tensors)
        shapes[name] = {{"type", int(tensor.scalar_type())}, {"sizes", tensor.sizes().vec()}};
    return shapes;
}

void send(const Group& group, const TensorMap& tensors)
{
    for (const auto& [name, tensor] : tensors)
        group.broadcast({tensor.detach().contiguous()});
}

TensorMap receive(const Group& group, const json& shapes)
{
    TensorMap tensors;
    for (const auto& [name, shape] : shapes.items()) // sorted by name, as a TensorMap is
        tensors[name] =
            at::zeros(shape["sizes"].get<std::vector<std::int64_t>>(), at::ScalarType(shape["type"].get<int>()));
    for (const auto& [name, tensor] : tensors)
        group.broadcast({tensor});
    return tensors;
}

void sendCheckpoint(const Group& group, const std::optional<Checkpoint>& checkpoint)
{
    if (!checkpoint) {
        group.shared("null");
        return;
    }
    group.shared(json{{"step", checkpoint->step},
                      {"state", checkpoint->state},
                      {"weights", shapesOf(checkpoint->weights)},
                      {"optimiser", shapesOf(checkpoint->optimiser)}}
                     .dump());
    send(group, checkpoint->weights);
    send(group, checkpoint->optimiser);
}

std::optional<Checkpoint> receiveCheckpoint(const Group& group)
{
    const json head = json::parse(group.shared({}));
    if (head.is_null())
        return {};
    Checkpoint checkpoint;
    checkpoint.step = head["step"].get<std::int64_t>();
    checkpoint.state = head["state"];
    checkpoint.weights = receive(group, head["weights"]);
    checkpoint.optimiser = receive(group, head["optimiser"]);
    return checkpoint;
}

} // namespace

Result<std::optional<Checkpoint>> newestCheckpoint(const std::string& runFolder, const Group* group)
{
    if (!isFirst(group))
        return receiveCheckpoint(*group);
    FOVEATE_TRY(std::optional<Checkpoint> checkpoint, readNewestCheckpoint(runFolder));
    if (group != nullptr)
        sendCheckpoint(*group, checkpoint);
    return checkpoint;
}

} // namespace foveate::learn
