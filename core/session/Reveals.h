// SPDX-License-Identifier: GPL-3.0-or-later
// The model's answers about images, asked for ahead of need: prediction and map, kept for one run and method.
//
// What may be shown, and when, is not decided here (Visibility.h): whoever asks for what is kept has asked that first.
// At most 24 answers are kept, the oldest go first. Thread: that of the object.
#pragma once

#include "base/Pack.h"
#include "session/ServeProcess.h"
#include "session/WorkspaceTypes.h"

#include <QObject>
#include <deque>
#include <map>
#include <optional>
#include <span>

namespace foveate::session {

class Reveals : public QObject {
    Q_OBJECT
public:
    explicit Reveals(ServeProcess& serve, QObject* parent = nullptr);

    /// Places maps in the images' square.
    void setPack(std::optional<Pack> pack) { m_pack = std::move(pack); }
    /// "" for none. Drops what is kept.
    void setRun(const std::string& runFolder);
    /// "gradcam", "deep-taylor" … Drops what is kept.
    void setMethod(const std::string& method);
    const std::string& method() const { return m_method; }

    /// Asks for what is not kept, in this order, and forgets what was asked for before and is not among these.
    void want(std::span<const std::int64_t> rows);
    /// Null while it is not known.
    const Reveal* of(std::int64_t row) const;
    bool pending(std::int64_t row) const;

Q_SIGNALS:
    void arrived(qint64 row);
    void refused(qint64 row);

private:
    void drop();
    void take(const Answer& answer);
    void noAnswer(qint64 id);

    ServeProcess& m_serve;
    std::optional<Pack> m_pack;
    std::string m_run;
    std::string m_method = "gradcam";
    std::map<qint64, std::int64_t> m_asked; ///< question → row
    std::map<std::int64_t, Reveal> m_kept;
    std::deque<std::int64_t> m_order; ///< rows as they came
};

} // namespace foveate::session
