// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Importer.h"

#include "base/AtomicFile.h"
#include "base/Text.h"
#include "session/OrderedDecode.h"
#include "session/PackKeeping.h"
#include "session/Patients.h"
#include "session/Source.h"
#include "session/Splits.h"

#include <chrono>
#include <map>
#include <set>
#include <thread>

namespace foveate::session {
namespace {

using Clock = std::chrono::steady_clock;

/// A file that is to be decoded, with what the source says about it.
struct Candidate {
    const SourceFile* file = nullptr;
    std::string path; ///< absolute
    std::optional<int> label;
    std::optional<Split> side; ///< from a split column
    std::string patient;       ///< "": not said
};

/// A new sample with what decides its side.
struct NewSample {
    store::Sample sample;
    std::optional<int> label;
    std::optional<Split> side;
    std::string patientName; ///< for the guard and its error; unique for an image that is its own patient
};

/// One import from listing to commit. Lives on the calling thread.
class Import {
public:
    Import(Project& project, const ImportOptions& options, const ImportControl& control)
        : m_project(project), m_options(options), m_control(control), m_begun(Clock::now())
    {}
    Result<ImportReport> run();

private:
    Status list();
    Status addCandidate(const SourceFile& file);
    Status knowProject();
    Status checkColumns() const;
    Status decode();
    Status take(const Candidate& candidate, DecodedFile file);
    Status takeFrame(const Candidate& candidate, const DecodedFile& file, std::size_t frame);
    store::Sample sampleFor(const Candidate& candidate, const imaging::PackImage& image) const;
    void nameThePatient(NewSample& fresh, const Candidate& candidate, const DecodedFile& file);
    Status giveSides();
    std::vector<SplitItem> splitItems() const;
    Status write();
    std::vector<store::Event> events() const;
    void count();
    void tell(std::int64_t step);
    int workers() const
    {
        return m_options.workers > 0 ? m_options.workers : std::max(1, int(std::thread::hardware_concurrency()));
    }

    Project& m_project;
    const ImportOptions& m_options;
    const ImportControl& m_control;
    const Clock::time_point m_begun;
    Clock::time_point m_told;
    SplitRule m_rule;
    std::optional<PatientPattern> m_pattern;
    Source m_source;
    std::vector<Candidate> m_candidates;
    std::set<Digest> m_known;             ///< pixels that are there
    std::map<std::string, Split> m_sides; ///< of the project's patients, by key
    std::optional<PackWriter> m_pack;
    std::vector<NewSample> m_new;
    ImportReport m_report;
};

Result<ImportReport> Import::run()
{
    if (m_project.readOnly() && !m_options.dryRun)
        return fail(Code::locked);
    FOVEATE_TRY(m_rule, splitRuleFromText(m_options.split));
    FOVEATE_CHECK(list());
    FOVEATE_CHECK(knowProject());
    FOVEATE_CHECK(checkColumns());
    FOVEATE_CHECK(decode());
    FOVEATE_CHECK(giveSides());
    count();
    if (!m_options.dryRun && !m_new.empty())
        FOVEATE_CHECK(write());
    return m_report;
}

Status Import::list()
{
    const std::string column = m_rule.kind == SplitRule::Kind::column ? m_rule.column : std::string();
    FOVEATE_TRY(m_source,
                readSource(m_options.source, {m_options.labels, m_options.patient, column, m_project.file().classes}));
    if (!m_options.patient.empty() && !m_source.hasPatients) {
        FOVEATE_TRY(m_pattern, PatientPattern::compile(m_options.patient));
    }
    m_report.skipped = m_source.skipped;
    m_report.files = std::int64_t(m_source.files.size() + m_source.failed.size()) + m_source.skipped;
    for (const SourceFailure& failure : m_source.failed)
        m_report.failed.push_back({failure.path, failure.error});
    for (const SourceFile& file : m_source.files)
        FOVEATE_CHECK(addCandidate(file));
    return {};
}

Result<std::optional<Split>> sideOf(const SourceFile& file)
{
    if (file.split.empty())
        return std::optional<Split>();
    FOVEATE_TRY(const Split side, splitFromName(file.split));
    return std::optional(side);
}

Status Import::addCandidate(const SourceFile& file)
{
    Candidate candidate;
    candidate.file = &file;
    candidate.path = file.path[0] == '/' ? file.path : m_source.root + '/' + file.path;
    if (file.label) {
        candidate.label = m_project.file().labels().fromText(*file.label);
        if (!candidate.label) {
            m_report.failed.push_back({file.path, Error{Code::notFound, {"class", *file.label}}});
            return {};
        }
    }
    FOVEATE_TRY(candidate.side, sideOf(file));
    if (!file.patient.empty())
        candidate.patient = file.patient;
    else if (m_pattern)
        candidate.patient = m_pattern->find(file.path).value_or(std::string());
    m_candidates.push_back(std::move(candidate));
    return {};
}

Status Import::knowProject()
{
    FOVEATE_TRY(const auto samples, m_project.study().samples());
    for (const store::Sample& sample : samples)
        m_known.insert(sample.pixelSha);
    FOVEATE_TRY(const auto patients, m_project.study().patients());
    for (const store::Patient& patient : patients)
        m_sides.emplace(patient.key, patient.split);
    return {};
}

/// A column that sends a patient to two sides is said before minutes are spent on decoding.
Status Import::checkColumns() const
{
    std::map<std::string, Split> seen;
    for (const Candidate& candidate : m_candidates) {
        if (candidate.patient.empty() || !candidate.side)
            continue;
        const auto [at, fresh] = seen.emplace(candidate.patient, *candidate.side);
        if (!fresh && at->second != *candidate.side)
            return fail(Code::patientSplit, {printable(candidate.patient), std::string(name(at->second)),
                                             std::string(name(*candidate.side))});
    }
    return {};
}

Status Import::decode()
{
    if (m_candidates.empty())
        return {};
    imaging::PoolOptions poolOptions;
    poolOptions.workers = workers();
    poolOptions.program = m_options.decoder;
    FOVEATE_TRY(imaging::DecoderPool pool, imaging::DecoderPool::create(poolOptions));
    if (!m_options.dryRun) {
        FOVEATE_CHECK(completePack(m_project, pool, workers()));
        FOVEATE_CHECK(detachPack(m_project.packPath()));
        FOVEATE_TRY(m_pack, PackWriter::open(m_project.packPath(), m_project.packShape()));
    }
    std::vector<DecodeRequest> requests;
    for (const Candidate& candidate : m_candidates)
        requests.push_back({candidate.path, std::nullopt});
    return decodeInOrder(pool, workers(), requests, m_project.packShape(), fitOf(m_project.file()),
                         [this](std::size_t index, DecodedFile file) -> Status {
                             if (m_control.cancel && *m_control.cancel)
                                 return fail(Code::cancelled);
                             FOVEATE_CHECK(take(m_candidates[index], std::move(file)));
                             tell(std::int64_t(index) + 1);
                             return {};
                         });
}

Status Import::take(const Candidate& candidate, DecodedFile file)
{
    if (file.error) {
        m_report.failed.push_back({candidate.file->path, *file.error});
        return {};
    }
    const std::size_t before = m_new.size();
    bool damaged = file.incomplete;
    for (std::size_t frame = 0; frame < file.frames.size(); ++frame) {
        damaged = damaged || file.frames[frame].record.damaged;
        FOVEATE_CHECK(takeFrame(candidate, file, frame));
    }
    if (m_new.size() == before) {
        ++m_report.duplicates;
        return {};
    }
    ++m_report.imported;
    m_report.damaged += damaged ? 1 : 0;
    return {};
}

Status Import::takeFrame(const Candidate& candidate, const DecodedFile& file, std::size_t frame)
{
    const imaging::PackImage& image = file.frames[frame];
    if (!m_known.insert(image.record.pixelSha).second)
        return {};
    NewSample fresh;
    fresh.sample = sampleFor(candidate, image);
    fresh.sample.frame = int(frame);
    if (file.several)
        fresh.sample.id += '-' + std::to_string(frame);
    fresh.label = candidate.label;
    fresh.side = candidate.side;
    nameThePatient(fresh, candidate, file);
    if (m_pack) {
        FOVEATE_TRY(const std::size_t row, m_pack->append(image.record, image.pixels));
        fresh.sample.packRow = std::int64_t(row);
    }
    m_new.push_back(std::move(fresh));
    return {};
}

store::Sample Import::sampleFor(const Candidate& candidate, const imaging::PackImage& image) const
{
    store::Sample sample;
    sample.id = hex(image.record.pixelSha).substr(0, 16);
    const bool absolute = candidate.file->path[0] == '/';
    const std::size_t slash = candidate.path.rfind('/');
    sample.root = absolute ? candidate.path.substr(0, std::max<std::size_t>(slash, 1)) : m_source.root;
    sample.relativePath = absolute ? candidate.path.substr(slash + 1) : candidate.file->path;
    sample.fileSha = image.record.fileSha;
    sample.pixelSha = image.record.pixelSha;
    sample.state = image.record.damaged ? store::SampleState::damaged : store::SampleState::ok;
    nlohmann::json metadata = nlohmann::json::object();
    for (const auto& [key, value] : candidate.file->metadata)
        metadata[printable(key)] = printable(value);
    sample.metadata = metadata.dump();
    if (m_options.hideLabels)
        sample.truth = candidate.label;
    return sample;
}

void Import::nameThePatient(NewSample& fresh, const Candidate& candidate, const DecodedFile& file)
{
    const std::string& uuid = m_project.file().uuid;
    if (!candidate.patient.empty()) {
        fresh.patientName = printable(candidate.patient);
        fresh.sample.patientKey = patientKey(uuid, candidate.patient);
    } else if (!file.patientHint.empty()) {
        fresh.sample.patientKey = patientKey(uuid, file.patientHint);
        fresh.patientName = fresh.sample.patientKey.substr(0, 8);
    } else {
        // Frames of one file are of one patient, whoever that is.
        const std::string own = file.several ? hex(fresh.sample.fileSha) : fresh.sample.id;
        fresh.patientName = own;
        fresh.sample.patientKey = patientKey(uuid, "image " + own);
        ++m_report.ownPatients;
    }
}

std::vector<SplitItem> Import::splitItems() const
{
    std::vector<SplitItem> items;
    for (const NewSample& fresh : m_new) {
        SplitItem item{fresh.patientName, fresh.label.value_or(-1), fresh.side};
        const auto known = m_sides.find(fresh.sample.patientKey);
        if (known != m_sides.end() && (!fresh.side || *fresh.side == known->second))
            item.fixed = known->second;
        items.push_back(std::move(item));
    }
    return items;
}

Status Import::giveSides()
{
    for (const NewSample& fresh : m_new) {
        const auto known = m_sides.find(fresh.sample.patientKey);
        if (known != m_sides.end() && fresh.side && *fresh.side != known->second)
            return fail(Code::patientSplit,
                        {fresh.patientName, std::string(name(known->second)), std::string(name(*fresh.side))});
    }
    const std::vector<SplitItem> items = splitItems();
    FOVEATE_TRY(const std::vector<Split> sides, assignSplits(items, m_rule, m_project.file().seed));
    FOVEATE_CHECK(checkNobodyOnTwoSides(items, sides));
    for (std::size_t i = 0; i < m_new.size(); ++i)
        m_new[i].sample.split = sides[i];
    return {};
}

void Import::count()
{
    std::set<std::string> patients;
    for (const NewSample& fresh : m_new) {
        patients.insert(fresh.sample.patientKey);
        m_report.labelled += fresh.label ? 1 : 0;
        m_report.val += fresh.sample.split == Split::val ? 1 : 0;
        m_report.test += fresh.sample.split == Split::test ? 1 : 0;
    }
    m_report.samples = std::int64_t(m_new.size());
    m_report.patients = std::int64_t(patients.size());
    m_report.train = m_report.samples - m_report.val - m_report.test;
}

std::vector<store::Event> Import::events() const
{
    std::vector<store::Event> events;
    for (const NewSample& fresh : m_new) {
        if (!fresh.label || m_options.hideLabels)
            continue;
        store::Event event;
        event.reader = "import";
        event.sample = fresh.sample.id;
        event.classIndex = fresh.label;
        event.imageSha = hex(fresh.sample.pixelSha);
        events.push_back(std::move(event));
    }
    store::Event event;
    event.kind = store::EventKind::imported;
    event.reader = "import";
    event.text = nlohmann::json{{"files", m_report.files},          {"imported", m_report.imported},
                                {"samples", m_report.samples},      {"duplicates", m_report.duplicates},
                                {"damaged", m_report.damaged},      {"skipped", m_report.skipped},
                                {"failed", m_report.failed.size()}, {"patients", m_report.patients},
                                {"split", m_options.split},         {"hidden", m_options.hideLabels}}
                     .dump();
    events.push_back(std::move(event));
    return events;
}

/// Pixels first: a crash in between leaves records that nobody names, never names without pixels.
Status Import::write()
{
    FOVEATE_CHECK(m_pack->commit());
    std::vector<store::Event> labels = events();
    std::vector<store::Sample> samples;
    for (NewSample& fresh : m_new)
        samples.push_back(std::move(fresh.sample));
    FOVEATE_CHECK(m_project.study().insertSamples(samples, std::move(labels)));
    if (m_rule.kind == SplitRule::Kind::none || m_project.file().splitRule == m_options.split)
        return {};
    store::ProjectFile file = m_project.study().project();
    file.splitRule = m_options.split;
    return m_project.study().setProject(file);
}

void Import::tell(std::int64_t step)
{
    const auto now = Clock::now();
    const auto of = std::int64_t(m_candidates.size());
    if (!m_control.progress || (step != of && now - m_told < std::chrono::milliseconds(100)))
        return;
    m_told = now;
    Progress progress;
    progress.job = progress.stage = "import";
    progress.step = step;
    progress.of = of;
    progress.seconds = std::chrono::duration<double>(now - m_begun).count();
    progress.remaining = progress.seconds / double(step) * double(of - step);
    m_control.progress(progress);
}

} // namespace

Result<ImportReport> importImages(Project& project, const ImportOptions& options, const ImportControl& control)
{
    return Import(project, options, control).run();
}

} // namespace foveate::session
