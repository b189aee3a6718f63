// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Simulation.h"

#include "base/Manifest.h"
#include "session/Loop.h"
#include "session/SimulationPlan.h"

#include <QElapsedTimer>
#include <QTimer>
#include <algorithm>
#include <deque>
#include <set>

namespace foveate::session {
namespace {

/// One strategy of one repeat: its loop, and what the oracle has said to it. A value: the chains of a
/// repeat are copies of the one that trained on the common start.
struct Chain {
    RoundName name{{}, 1, 0};
    Loop loop;
    std::vector<std::int64_t> labelled;
    std::vector<std::int64_t> next; ///< the batch that was selected
    bool training = false;          ///< the loop asked for a training
    bool selecting = false;         ///< the engine has to rank before the loop goes on
};

struct Slot {
    std::unique_ptr<EngineProcess> engine;
    std::optional<Chain> chain; ///< in training
    QElapsedTimer clock;
};

RoundName nextOf(const Chain& chain)
{
    return {chain.name.strategy, chain.name.repeat, chain.name.round + 1};
}

constexpr const char* kMetrics[] = {"accuracy", "balanced_accuracy", "auc", "f1_macro"};

} // namespace

struct Simulation::State {
    explicit State(SimulationPlan made) : plan(std::move(made)) {}

    void begin();
    void play(Chain chain, const Happening& happening);
    Status perform(Chain& chain, const Action& action, std::deque<Action>& todo);
    void answer(Chain& chain, std::deque<Action>& todo);
    void untrained(Chain chain);
    void schedule();
    void launch(Slot& slot);
    void ended(Slot& slot);
    void trained(const Chain& chain, std::optional<double> seconds);
    void selected(Chain chain);
    Status prepareSelections(const Chain& chain) const;
    void continueChain(Chain chain, const Happening& happening);
    void addRows(const Chain& chain, const std::string& strategy, const RoundOutcome& outcome);
    void goOn(const Chain& chain, const Happening& happening);
    void engineTrouble(Slot& slot, const Happening& happening);
    void halt(const Error& why);
    void settle();
    bool idle() const;
    void tell();
    void connectSlot(Slot& slot);

    Simulation* owner = nullptr;
    SimulationPlan plan;
    std::vector<std::unique_ptr<Slot>> slots;
    std::deque<Chain> ready;
    std::vector<SimulationRow> rows;
    std::int64_t roundsDone = 0;
    std::int64_t roundsTrained = 0; ///< in this session, for the estimate
    QElapsedTimer clock;
    std::optional<Error> ending; ///< why it is being stopped
    bool over = false;
    bool scheduled = false;
};

Simulation::Simulation(std::unique_ptr<State> state) : m_state(std::move(state))
{
    m_state->owner = this;
}

Simulation::~Simulation() = default;

Result<std::unique_ptr<Simulation>> Simulation::prepare(Project& project, SimulationOptions options)
{
    FOVEATE_TRY(SimulationPlan plan, SimulationPlan::make(project, std::move(options)));
    return std::unique_ptr<Simulation>(new Simulation(std::make_unique<State>(std::move(plan))));
}

const std::string& Simulation::folder() const
{
    return m_state->plan.folder();
}

const std::vector<SimulationRow>& Simulation::rows() const
{
    return m_state->rows;
}

void Simulation::start()
{
    m_state->begin();
}

void Simulation::stop()
{
    m_state->halt(Error{Code::cancelled, {}});
}

void Simulation::State::begin()
{
    clock.start();
    for (int i = 0; i < plan.engines(); ++i) {
        slots.push_back(std::make_unique<Slot>());
        connectSlot(*slots.back());
    }
    const SimulationOptions& options = plan.options();
    LoopSettings settings;
    settings.retrainAfter = settings.batchSize = options.batch;
    for (int repeat = 1; repeat <= options.repeats; ++repeat)
        play(Chain{{{}, repeat, 0}, Loop(settings), {}, {}}, QueueEmpty{});
    settle();
}

void Simulation::State::connectSlot(Slot& slot)
{
    slot.engine = std::make_unique<EngineProcess>(plan.options().engine);
    EngineProcess* const engine = slot.engine.get();
    connect(engine, &EngineProcess::progressed, owner, [this] { tell(); });
    connect(engine, &EngineProcess::checkpointed, owner, [&slot] { slot.chain->loop.on(Checkpointed{}); });
    connect(engine, &EngineProcess::finished, owner, [this, &slot] { ended(slot); });
    connect(engine, &EngineProcess::died, owner, [this, &slot] { engineTrouble(slot, EngineDied{}); });
    connect(engine, &EngineProcess::failed, owner,
            [this, &slot](const Error& error) { engineTrouble(slot, EngineFailed{error}); });
    connect(engine, &EngineProcess::stopped, owner, [this, &slot] {
        slot.chain.reset();
        halt(Error{Code::cancelled, {}});
    });
}

/// Feeds the loop and does what it asks until it waits for a training.
void Simulation::State::play(Chain chain, const Happening& happening)
{
    chain.training = false;
    const std::vector<Action> first = chain.loop.on(happening);
    std::deque<Action> todo(first.begin(), first.end());
    while (!todo.empty()) {
        const Action action = todo.front();
        todo.pop_front();
        if (const Status done = perform(chain, action, todo); !done)
            return halt(done.error());
    }
    if (chain.training)
        ready.push_back(std::move(chain));
    else
        untrained(std::move(chain));
}

Status Simulation::State::perform(Chain& chain, const Action& action, std::deque<Action>& todo)
{
    if (const auto* select = std::get_if<SelectBatch>(&action)) {
        FOVEATE_TRY(chain.next, plan.pick(nextOf(chain), chain.labelled, select->fromModel));
    } else if (std::holds_alternative<OfferBatch>(action)) {
        // The oracle is always at a boundary.
        for (const Action& more : chain.loop.on(BoundaryReached{}))
            todo.push_back(more);
    } else if (std::holds_alternative<TakeBatch>(action)) {
        answer(chain, todo);
    } else if (std::holds_alternative<StartTraining>(action)) {
        chain.training = true;
    } else if (const auto* failure = std::get_if<SayFailed>(&action)) {
        return tl::unexpected(failure->error);
    }
    return {};
}

void Simulation::State::answer(Chain& chain, std::deque<Action>& todo)
{
    LoopSettings settings = chain.loop.settings();
    settings.retrainAfter = settings.batchSize = int(chain.next.size());
    chain.loop.setSettings(settings);
    ++chain.name.round;
    std::set<int> classes;
    for (const std::int64_t row : chain.labelled)
        classes.insert(plan.truthOf(row));
    for (const std::int64_t row : chain.next) {
        chain.labelled.push_back(row);
        classes.insert(plan.truthOf(row));
        for (const Action& action : chain.loop.on(Labelled{int(classes.size())}))
            todo.push_back(action);
    }
    chain.next.clear();
}

/// All labels so far are of one class: nothing can be learnt, the next batch is random again.
void Simulation::State::untrained(Chain chain)
{
    ++roundsDone;
    goOn(chain, QueueEmpty{});
}

void Simulation::State::goOn(const Chain& chain, const Happening& happening)
{
    if (ending || chain.name.round >= plan.options().rounds)
        return;
    if (!chain.name.strategy.empty())
        return continueChain(chain, happening);
    for (const std::string& strategy : plan.options().strategies) {
        Chain copy = chain;
        copy.name.strategy = strategy;
        continueChain(std::move(copy), happening);
    }
}

/// After a training the next batch is chosen by it, where that needs the engine in a run of its own.
void Simulation::State::continueChain(Chain chain, const Happening& happening)
{
    if (!std::holds_alternative<EngineFinished>(happening) || !plan.needsSelection(nextOf(chain)))
        return play(std::move(chain), happening);
    chain.selecting = true;
    ready.push_back(std::move(chain));
}

void Simulation::State::schedule()
{
    for (const auto& slot : slots)
        while (!ending && !slot->chain && !ready.empty()) {
            slot->chain = std::move(ready.front());
            ready.pop_front();
            launch(*slot);
        }
}

void Simulation::State::launch(Slot& slot)
{
    const Chain& chain = *slot.chain;
    const std::string folder = chain.selecting ? plan.selectionFolder(nextOf(chain)) : plan.roundFolder(chain.name);
    if (hasManifest(folder)) {
        Chain done = *std::exchange(slot.chain, std::nullopt);
        return done.selecting ? selected(std::move(done)) : trained(done, std::nullopt);
    }
    Status started = chain.selecting ? Status() : plan.writeRound(chain.name, chain.labelled);
    slot.clock.start();
    if (started)
        started = slot.engine->start(folder);
    if (started)
        return;
    slot.chain.reset();
    halt(started.error());
}

void Simulation::State::ended(Slot& slot)
{
    Chain chain = *std::exchange(slot.chain, std::nullopt);
    if (chain.selecting) {
        selected(std::move(chain));
    } else {
        ++roundsTrained;
        trained(chain, double(slot.clock.elapsed()) / 1000);
    }
    settle();
}

/// The runs that rank for the rounds after this one take its weights along before they are pruned.
Status Simulation::State::prepareSelections(const Chain& chain) const
{
    const std::vector<std::string> own{chain.name.strategy};
    for (const std::string& strategy : chain.name.strategy.empty() ? plan.options().strategies : own) {
        const RoundName next{strategy, chain.name.repeat, chain.name.round + 1};
        if (plan.needsSelection(next) && !hasManifest(plan.selectionFolder(next)))
            FOVEATE_CHECK(plan.writeSelection(next, chain.labelled));
    }
    return plan.pruneRound(chain.name);
}

void Simulation::State::selected(Chain chain)
{
    chain.selecting = false;
    if (const Status pruned = plan.finishSelection(nextOf(chain)); !pruned)
        return halt(pruned.error());
    play(std::move(chain), EngineFinished{plan.roundFolder(chain.name)});
}

void Simulation::State::trained(const Chain& chain, std::optional<double> seconds)
{
    const auto outcome = plan.finishRound(chain.name, seconds);
    if (!outcome)
        return halt(outcome.error());
    if (const Status prepared = prepareSelections(chain); !prepared)
        return halt(prepared.error());
    ++roundsDone;
    if (!chain.name.strategy.empty())
        addRows(chain, chain.name.strategy, *outcome);
    else
        for (const std::string& strategy : plan.options().strategies)
            addRows(chain, strategy, *outcome);
    tell();
    Q_EMIT owner->rowsAdded();
    goOn(chain, EngineFinished{plan.roundFolder(chain.name)});
}

void Simulation::State::addRows(const Chain& chain, const std::string& strategy, const RoundOutcome& outcome)
{
    for (const char* metric : kMetrics)
        if (const auto value = outcome.values.find(metric); value != outcome.values.end())
            rows.push_back({strategy, chain.name.repeat, std::int64_t(chain.labelled.size()), metric, value->second,
                            outcome.seconds});
    const auto& order = plan.options().strategies;
    const auto key = [&](const SimulationRow& row) {
        const auto strategyAt = std::find(order.begin(), order.end(), row.strategy);
        const auto metricAt = std::find(std::begin(kMetrics), std::end(kMetrics), row.metric);
        return std::make_tuple(strategyAt - order.begin(), row.repeat, row.labels, metricAt - std::begin(kMetrics));
    };
    std::sort(rows.begin(), rows.end(),
              [&](const SimulationRow& a, const SimulationRow& b) { return key(a) < key(b); });
}

void Simulation::State::engineTrouble(Slot& slot, const Happening& happening)
{
    if (ending) {
        slot.chain.reset();
        return settle();
    }
    for (const Action& action : slot.chain->loop.on(happening)) {
        if (const auto* wait = std::get_if<WaitThenRetry>(&action)) {
            QTimer::singleShot(wait->seconds * 1000, owner, [this, &slot] {
                if (ending || !slot.chain)
                    return;
                slot.chain->loop.on(RetryDue{});
                launch(slot);
                settle();
            });
            return;
        }
    }
    slot.chain.reset();
    const auto* failure = std::get_if<EngineFailed>(&happening);
    halt(failure ? failure->error : Error{Code::engineDied, {"three times"}});
}

void Simulation::State::halt(const Error& why)
{
    if (over)
        return;
    if (!ending)
        ending = why;
    ready.clear();
    for (const auto& slot : slots) {
        if (slot->engine->running())
            slot->engine->stop();
        else
            slot->chain.reset();
    }
    settle();
}

bool Simulation::State::idle() const
{
    return std::none_of(slots.begin(), slots.end(), [](const auto& slot) { return slot->chain.has_value(); });
}

/// Starts what can be started; says so when nothing is left. Later, in the event loop: a chain that ends
/// inside another's turn would be ahead of its own bookkeeping.
void Simulation::State::settle()
{
    if (over || scheduled)
        return;
    scheduled = true;
    QTimer::singleShot(0, owner, [this] {
        scheduled = false;
        if (over)
            return;
        schedule();
        if (!idle() || !ready.empty())
            return;
        over = true;
        if (!ending)
            if (const Status done = plan.finish(rows); !done)
                ending = done.error();
        if (ending)
            Q_EMIT owner->failed(*ending);
        else
            Q_EMIT owner->finished();
    });
}

void Simulation::State::tell()
{
    Progress progress;
    progress.job = "simulate";
    progress.stage = "round";
    progress.step = roundsDone;
    progress.of = plan.roundCount();
    progress.seconds = double(clock.elapsed()) / 1000;
    if (roundsTrained > 0)
        progress.remaining = progress.seconds / double(roundsTrained) * double(progress.of - roundsDone);
    Q_EMIT owner->progressed(progress);
}

} // namespace foveate::session
