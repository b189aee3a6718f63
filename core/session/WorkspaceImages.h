// SPDX-License-Identifier: GPL-3.0-or-later
// The images around the one on the screen, decoded ahead on worker threads at their original depth.
//
// want() says what may be needed, most urgent first; each outcome comes once, as loaded(). What is
// no longer wanted is not decoded and let go of. A file that is gone is shown from the project's
// small copy. Thread: that of the object.
#pragma once

#include "base/Pack.h"
#include "imaging/client/DecoderPool.h"
#include "store/Records.h"

#include <QObject>
#include <QThreadPool>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace foveate::session {

struct LoadedImage {
    std::optional<imaging::Image> image;
    bool fromPack = false;      ///< the file is gone or changed: the project's small copy
    std::optional<Error> error; ///< when there is neither
};

class WorkspaceImages : public QObject {
    Q_OBJECT
public:
    explicit WorkspaceImages(std::string decoder = {}, QObject* parent = nullptr);
    ~WorkspaceImages() override;

    void setPack(std::optional<Pack> pack);
    void want(const std::vector<store::Sample>& samples);
    /// Null while it is not there yet.
    const LoadedImage* find(const std::string& sample) const;
    /// Forgets an outcome, so that the next want() tries again.
    void forget(const std::string& sample);

Q_SIGNALS:
    void loaded(const QString& sample);

private:
    void start(const store::Sample& sample, int priority);
    void finish(const store::Sample& sample, const LoadedImage& loaded, bool wasWanted);
    LoadedImage load(const store::Sample& sample, const std::optional<Pack>& pack);
    Result<imaging::Image> decode(const store::Sample& sample);

    const std::string m_decoder; ///< immutable
    // GUI thread only
    std::map<std::string, LoadedImage> m_images;
    std::set<std::string> m_started;
    std::optional<Pack> m_pack;
    // written by the GUI thread under m_mutex
    std::mutex m_mutex;
    std::set<std::string> m_wanted;
    // guarded by m_decoderMutex, apart so that starting a worker never holds up the GUI thread
    std::mutex m_decoderMutex;
    std::shared_ptr<imaging::DecoderPool> m_decoders;
    QThreadPool m_threads; ///< last: joined before the rest goes
};

/// A record of the pack as an image: 8 bit, the part of the square that holds it. REQUIRES: row <
/// pack.count().
imaging::Image packImage(const Pack& pack, std::size_t row);

} // namespace foveate::session
