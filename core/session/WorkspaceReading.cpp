// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/WorkspaceReading.h"

#include "base/Text.h"
#include "session/Rescue.h"
#include "store/Uuid.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace foveate::session {

using store::CurrentLabel;
using store::Event;
using store::EventKind;

namespace {

constexpr int kRetryEvery = 2000;

bool isVerdict(const CurrentLabel& label)
{
    return label.state != EventKind::skip;
}

bool hasClass(const std::optional<CurrentLabel>& label)
{
    return label && label->state == EventKind::label && label->classIndex;
}

} // namespace

WorkspaceReading::WorkspaceReading(StoreThread& store, std::string reader, QObject* parent)
    : QObject(parent), m_store(store), m_reader(std::move(reader))
{
    m_time.start();
    m_retry.setSingleShot(true);
    m_retry.setInterval(kRetryEvery);
    connect(&m_retry, &QTimer::timeout, this, &WorkspaceReading::retry);
}

void WorkspaceReading::begin(const OpenedStudy& study)
{
    end();
    m_project = study.project;
    m_policy = policyFromName(study.project.file.policy).value_or(Policy::blind);
    for (const store::Sample& sample : study.samples)
        m_samples.emplace(sample.id, sample);
    const std::string today = isoTimeUtc().substr(0, 10);
    for (const CurrentLabel& label : study.labels) {
        m_said.emplace(label.sample, label);
        m_tally.today += label.utc.starts_with(today);
    }
    for (const store::Batch& batch : study.batches)
        if (!batch.closed.empty())
            m_closed.insert(batch.id);
    m_recent = study.labels;
    std::sort(m_recent.begin(), m_recent.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
    if (m_recent.size() > kRecent)
        m_recent.erase(m_recent.begin(), m_recent.end() - kRecent);
    m_tally.samples = std::int64_t(study.samples.size());
    m_tally.training = std::count_if(study.samples.begin(), study.samples.end(), [](const store::Sample& sample) {
        return sample.split != Split::val && sample.split != Split::test;
    });
    m_tally.perClass = study.perClass;
    m_tally.perClass.resize(study.project.file.classes.size());
    for (const std::int64_t count : m_tally.perClass)
        m_tally.labelled += count;
    m_state = study.samples.empty() ? ReadingState::empty : ReadingState::choosing;
    Q_EMIT changed();
    Q_EMIT recentChanged();
    Q_EMIT tallyChanged();
    if (m_state == ReadingState::empty)
        return;
    const auto rescued = m_project.readOnly ? std::nullopt : readRescue(m_project.file.uuid, m_reader);
    if (rescued && m_samples.contains(rescued->sample)) {
        m_rescued = true;
        submit(*rescued);
    }
    takeBatch();
}

void WorkspaceReading::end()
{
    m_retry.stop();
    m_project = {};
    m_samples.clear();
    m_said.clear();
    m_closed.clear();
    m_order.clear();
    m_left.clear();
    m_recent.clear();
    m_seconds.clear();
    m_pending.reset();
    m_notes.clear();
    m_trouble.reset();
    m_busy = false;
    m_rescued = false;
    m_batch = 0;
    m_tally = {};
    m_item = {};
    m_state = ReadingState::closed;
    m_model.clear();
}

const store::Sample* WorkspaceReading::sample(const std::string& id) const
{
    const auto found = m_samples.find(id);
    return found == m_samples.end() ? nullptr : &found->second;
}

std::vector<store::Sample> WorkspaceReading::around() const
{
    constexpr std::size_t kAhead = 3, kBehind = 3;
    std::vector<store::Sample> near;
    const auto add = [&](const std::string& id) {
        const store::Sample* found = sample(id);
        if (found && std::none_of(near.begin(), near.end(), [&](const auto& one) { return one.id == id; }))
            near.push_back(*found);
    };
    if (m_state == ReadingState::reading)
        add(m_item.sample);
    // The one that is on the screen is usually the first of those left.
    for (std::size_t i = 0; i < std::min(kAhead + 1, m_left.size()); ++i)
        add(m_left[i]);
    for (std::size_t i = 0; i < std::min(kBehind, m_recent.size()); ++i)
        add(m_recent[m_recent.size() - 1 - i].sample);
    return near;
}

int WorkspaceReading::classesSeen() const
{
    return int(std::count_if(m_tally.perClass.begin(), m_tally.perClass.end(), [](auto count) { return count > 0; }));
}

std::optional<CurrentLabel> WorkspaceReading::said(const std::string& sample) const
{
    const auto found = m_said.find(sample);
    return found == m_said.end() ? std::nullopt : std::optional(found->second);
}

bool WorkspaceReading::readThrough(const std::string& sample) const
{
    // An image skipped in a closed batch is still to be read: it stays blind.
    const auto label = said(sample);
    return label && isVerdict(*label) && m_closed.contains(label->batch);
}

void WorkspaceReading::takeBatch()
{
    m_busy = true;
    m_store.ask<QueueFront>(
        this, [](Project& project) { return readFront(project); },
        [this](Result<QueueFront> front) {
            m_busy = false;
            if (front)
                return receive(*front);
            stumble(front.error());
        });
}

/// Not a decision but the way to the next batch has failed; tried again like one.
void WorkspaceReading::stumble(const Error& error)
{
    if (m_state == ReadingState::closed)
        return;
    m_trouble = Trouble{error, m_trouble ? m_trouble->attempts + 1 : 1};
    m_retry.start();
    Q_EMIT troubleChanged();
}

void WorkspaceReading::receive(const QueueFront& front)
{
    if (m_state == ReadingState::closed)
        return;
    m_batch = front.batch;
    m_order = front.order;
    m_left = front.left;
    if (!front.any) {
        m_state = ReadingState::exhausted;
        Q_EMIT changed();
    } else if (m_left.empty()) {
        m_state = ReadingState::choosing;
        Q_EMIT changed();
        if (!m_project.readOnly)
            Q_EMIT queueEmpty();
    } else if (!m_pending || !m_trouble) {
        showNext();
    }
}

void WorkspaceReading::show(const std::string& sample, bool again)
{
    m_item = {};
    m_item.serial = ++m_serial;
    m_item.sample = sample;
    m_item.again = again;
    if (const store::Sample* found = this->sample(sample))
        m_item.row = found->packRow;
    const bool inBatch = std::find(m_order.begin(), m_order.end(), sample) != m_order.end();
    if (!again && inBatch) {
        m_item.of = int(m_order.size());
        m_item.position = int(m_order.size() - m_left.size()) + 1;
    }
    m_screen = {};
    m_attention.start(now());
    m_state = ReadingState::reading;
    updateVisibility();
    Q_EMIT changed();
    Q_EMIT recentChanged();
}

void WorkspaceReading::updateVisibility()
{
    m_item.said = said(m_item.sample);
    Viewing viewing;
    viewing.policy = m_policy;
    if (const store::Sample* found = sample(m_item.sample))
        viewing.split = found->split;
    viewing.decided = m_item.said && isVerdict(*m_item.said);
    viewing.batchClosed = readThrough(m_item.sample);
    m_item.visible = mayShow(viewing);
    // Before there is a model there is nothing to look at.
    m_item.waits = m_item.visible.waitsForEnter && !m_item.again && !m_model.empty();
}

void WorkspaceReading::showNext()
{
    if (m_left.empty()) {
        closeBatch();
        return;
    }
    show(m_left.front(), false);
}

void WorkspaceReading::closeBatch()
{
    const std::int64_t batch = m_batch;
    m_state = ReadingState::choosing;
    Q_EMIT changed();
    if (batch == 0 || m_project.readOnly) {
        Q_EMIT boundary();
        return;
    }
    m_busy = true;
    m_store.ask<bool>(
        this, [batch, reader = m_reader](Project& project) { return session::closeBatch(project, batch, reader); },
        [this, batch](Result<bool> closed) {
            m_busy = false;
            if (!closed)
                return stumble(closed.error());
            m_closed.insert(batch);
            Q_EMIT boundary();
        });
}

Event WorkspaceReading::context(const std::string& sample)
{
    Event event;
    event.uuid = store::newUuid();
    event.reader = m_reader;
    event.sample = sample;
    event.activeMs = m_attention.active(now());
    event.idleMs = m_attention.idle(now());
    if (const store::Sample* found = this->sample(sample))
        event.imageSha = hex(found->pixelSha);
    event.visible = nlohmann::json{{"policy", m_policy == Policy::blind ? "blind" : "after"},
                                   {"overlay", m_screen.overlay},
                                   {"prediction", m_screen.prediction},
                                   {"zooms", m_screen.zooms},
                                   {"windowings", m_screen.windowings}}
                        .dump();
    event.model = m_model;
    event.batch = m_batch;
    return event;
}

bool WorkspaceReading::decide(EventKind kind, std::optional<int> label)
{
    const bool ready = m_state == ReadingState::reading && !m_pending && !m_busy && !m_trouble && !m_project.readOnly;
    if (!ready || (label && !m_project.file.labels().holds(*label)))
        return false;
    Event event = context(m_item.sample);
    event.kind = kind;
    event.classIndex = label;
    // A second look belongs to the batch in which the image was read.
    if (m_item.said && m_item.again)
        event.batch = m_item.said->batch;
    submit(std::move(event));
    return true;
}

void WorkspaceReading::submit(Event event)
{
    m_pending = event;
    const auto same = [&](const CurrentLabel& label) { return label.sample == event.sample; };
    std::erase_if(m_recent, same);
    m_recent.push_back({event.sample, m_reader, event.kind, event.classIndex, 0, {}, {}, event.batch});
    Q_EMIT recentChanged();
    m_store.ask<StoredChange>(
        this, [event](Project& project) { return storeDecision(project, event, kRecent); },
        [this, event](Result<StoredChange> stored) { stored ? accept(*stored) : refuse(stored.error(), event); });
}

void WorkspaceReading::refuse(const Error& error, const Event& event)
{
    if (!m_pending)
        return;
    const int attempts = m_trouble ? m_trouble->attempts + 1 : 1;
    m_trouble = Trouble{error, attempts};
    // Also beside the project, whose disk is the one in trouble: it survives the end of the
    // program.
    m_rescued = true;
    writeRescue(m_project.file.uuid, event);
    m_retry.start();
    Q_EMIT troubleChanged();
}

void WorkspaceReading::retry()
{
    m_retry.stop();
    for (const Event& note : std::exchange(m_notes, {}))
        storeNote(note);
    if (!m_trouble)
        return;
    if (m_pending)
        return submit(*m_pending);
    m_trouble.reset();
    Q_EMIT troubleChanged();
    if (m_state == ReadingState::reading)
        return;
    if (m_batch != 0 && !m_order.empty() && m_left.empty() && !m_closed.contains(m_batch))
        closeBatch();
    else
        takeBatch();
}

void WorkspaceReading::accept(const StoredChange& stored)
{
    m_pending.reset();
    if (m_rescued)
        removeRescue(m_project.file.uuid, m_reader);
    m_rescued = false;
    if (m_trouble) {
        m_trouble.reset();
        Q_EMIT troubleChanged();
    }
    if (m_state == ReadingState::closed)
        return;
    ++m_tally.session;
    ++m_tally.today;
    const double seconds = double(stored.event.activeMs) / 1000;
    m_seconds.insert(std::lower_bound(m_seconds.begin(), m_seconds.end(), seconds), seconds);
    m_tally.medianSeconds = m_seconds[m_seconds.size() / 2];
    settle(stored);
    if (m_item.sample == stored.event.sample)
        afterDecision();
    else
        Q_EMIT changed();
}

void WorkspaceReading::settle(const StoredChange& stored)
{
    const std::string& id = stored.event.sample;
    const auto before = said(id);
    if (stored.now)
        m_said.insert_or_assign(id, *stored.now);
    else
        m_said.erase(id);
    m_recent.assign(stored.recent.rbegin(), stored.recent.rend());
    const bool inBatch = std::find(m_order.begin(), m_order.end(), id) != m_order.end();
    std::erase(m_left, id);
    if (!stored.now && inBatch)
        m_left.insert(m_left.begin(), id);
    count(before, stored.now);
    Q_EMIT recentChanged();
}

void WorkspaceReading::count(const std::optional<CurrentLabel>& before, const std::optional<CurrentLabel>& after)
{
    const int change = int(hasClass(after)) - int(hasClass(before));
    const LabelScheme labels = m_project.file.labels();
    for (const auto& [label, step] : {std::pair(before, -1), std::pair(after, 1)})
        if (hasClass(label))
            for (const std::size_t c : labels.classesOf(*label->classIndex))
                m_tally.perClass[c] += step;
    m_tally.labelled += change;
    Q_EMIT tallyChanged();
    Q_EMIT this->stored(change);
}

void WorkspaceReading::afterDecision()
{
    const bool waited = m_item.waits;
    updateVisibility();
    if (m_item.waits || waited) {
        m_item.waits = true;
        Q_EMIT changed();
        return;
    }
    showNext();
}

bool WorkspaceReading::comment(const std::string& text)
{
    if (text.empty() || m_state != ReadingState::reading || m_project.readOnly || m_trouble)
        return false;
    Event event = context(m_item.sample);
    event.kind = EventKind::comment;
    event.text = text;
    storeNote(event);
    return true;
}

void WorkspaceReading::storeNote(const Event& note)
{
    m_store.ask<Event>(
        this, [note](Project& project) { return project.study().append(note); },
        [this, note](Result<Event> stored) {
            if (stored || m_state == ReadingState::closed)
                return;
            m_notes.push_back(note);
            m_trouble = Trouble{stored.error(), m_trouble ? m_trouble->attempts + 1 : 1};
            m_retry.start();
            Q_EMIT troubleChanged();
        });
}

void WorkspaceReading::shown(quint64 serial)
{
    if (serial != m_item.serial)
        return;
    m_attention.start(now());
    Q_EMIT onScreen();
}

void WorkspaceReading::noteReveal(const std::string& run)
{
    const std::pair seen(m_item.serial, run);
    if (m_revealed == seen || m_project.readOnly || !m_item.visible.prediction)
        return;
    m_revealed = seen;
    Event event = context(m_item.sample);
    event.kind = EventKind::reveal;
    event.model = run;
    m_store.post([event](StoreThread::Slot& slot) {
        // A reveal that cannot be written must not stop the reader; the next label will meet the
        // same disk and say so.
        if (slot && slot->held())
            static_cast<void>(slot->study().append(event));
    });
}

} // namespace foveate::session
