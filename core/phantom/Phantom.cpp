// SPDX-License-Identifier: GPL-3.0-or-later
#include "phantom/Phantom.h"

#include "base/Parallel.h"
#include "base/Random.h"
#include "base/Text.h"
#include "phantom/Painters.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace foveate::phantom {
namespace {

constexpr std::array<std::string_view, 3> kModalities{"oct", "xray", "histology"};
constexpr std::array<std::string_view, 4> kOctClasses{"NORMAL", "DRUSEN", "DME", "CNV"};
constexpr std::array<std::string_view, 3> kXrayClasses{"NORMAL", "EFFUSION", "OPACITY"};
constexpr std::array<std::string_view, 3> kHistologyClasses{"BENIGN", "MALIGNANT", "INFLAMED"};

/// Shares of the patients; the last class is the rare one.
constexpr std::array<double, 4> kOctShares{0.42, 0.26, 0.22, 0.10};
constexpr std::array<double, 3> kThreeShares{0.48, 0.38, 0.14};
/// A patient's image that shows nothing of the disease, as scans beside the lesion do.
constexpr double kUnremarkable = 0.12;

std::span<const double> shares(Modality modality)
{
    if (modality == Modality::oct)
        return kOctShares;
    return kThreeShares;
}

/// One class per patient: each class at least once as long as the patients suffice, else by its share.
std::vector<int> patientClasses(std::span<const double> share, std::size_t patients, Random& random)
{
    std::vector<int> classes;
    for (std::size_t c = 0; c < share.size() && classes.size() < patients; ++c)
        classes.push_back(int(c));
    std::vector<double> owed(share.begin(), share.end());
    for (double& o : owed)
        o = o * double(patients) - 1;
    while (classes.size() < patients) {
        const auto most = std::max_element(owed.begin(), owed.end());
        classes.push_back(int(most - owed.begin()));
        *most -= 1;
    }
    random.shuffle(classes);
    return classes;
}

/// Severity and difficulty mirror each other: a faint lesion is hard, and so is a healthy image with much that
/// misleads.
Case planImage(int classIndex, int patient, double hardShare, Random& random)
{
    Case c;
    c.classIndex = classIndex;
    c.patient = patient;
    c.hard = random.chance(hardShare);
    c.difficulty = float(c.hard ? random.uniform(0.8, 1) : random.uniform(0, 0.55));
    c.severity = classIndex == 0 ? c.difficulty : 1 - 0.92f * c.difficulty;
    return c;
}

std::vector<Case> planStudy(const Options& options)
{
    Random random = Random::derive(options.seed, name(options.modality));
    std::vector<int> imagesOf;
    for (int left = options.images; left > 0; left -= imagesOf.back())
        imagesOf.push_back(std::min(left, 2 + int(random.below(5))));
    const std::vector<int> classes = patientClasses(shares(options.modality), imagesOf.size(), random);
    std::vector<Case> cases;
    for (std::size_t p = 0; p < imagesOf.size(); ++p)
        for (int i = 0; i < imagesOf[p]; ++i) {
            const bool unremarkable = i > 0 && random.chance(kUnremarkable);
            cases.push_back(planImage(unremarkable ? 0 : classes[p], int(p), options.hardShare, random));
        }
    return cases;
}

} // namespace

std::string_view name(Modality modality)
{
    return kModalities[std::size_t(modality)];
}

Result<Modality> modalityFromName(std::string_view text)
{
    const auto found = std::find(kModalities.begin(), kModalities.end(), text);
    if (found == kModalities.end())
        return fail(Code::badInput, {"modality", printable(text)});
    return Modality(found - kModalities.begin());
}

std::span<const std::string_view> classNames(Modality modality)
{
    switch (modality) {
    case Modality::oct: return kOctClasses;
    case Modality::xray: return kXrayClasses;
    case Modality::histology: return kHistologyClasses;
    }
    return {};
}

int channels(Modality modality)
{
    return modality == Modality::histology ? 3 : 1;
}

Result<Study> Study::create(const Options& options)
{
    if (options.images < 1)
        return fail(Code::usage, {"images"});
    if (options.size < 32 || options.size > 1024)
        return fail(Code::usage, {"size"});
    if (!(options.hardShare >= 0 && options.hardShare <= 1))
        return fail(Code::usage, {"hard share"});
    Study study;
    study.m_options = options;
    study.m_cases = planStudy(options);
    return study;
}

Phantom Study::image(std::size_t index) const
{
    assert(index < m_cases.size());
    const Case& plan = m_cases[index];
    Phantom out;
    out.size = m_options.size;
    out.channels = channels(m_options.modality);
    out.classIndex = plan.classIndex;
    out.patient = plan.patient;
    out.difficulty = plan.difficulty;
    out.hard = plan.hard;
    const std::string modality(name(m_options.modality));
    Brushwork work{m_options.size, plan,
                   Random::derive(m_options.seed, modality + " patient", std::uint64_t(plan.patient)),
                   Random::derive(m_options.seed, modality + " image", index)};
    switch (m_options.modality) {
    case Modality::oct: paintOct(work, out); break;
    case Modality::xray: paintXray(work, out); break;
    case Modality::histology: paintHistology(work, out); break;
    }
    return out;
}

std::vector<Phantom> Study::images(int threads) const
{
    std::vector<Phantom> all(count());
    parallelBlocks(count(), threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            all[i] = image(i);
    });
    return all;
}

} // namespace foveate::phantom
