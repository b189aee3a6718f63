// SPDX-License-Identifier: GPL-3.0-or-later
// The presenter of the window: one open project, its reader, its images, its engine and the model's explanations.
//
// Knows no widget, so that everything it promises is tested without one. Pages read its parts and connect to their
// signals. Calls return at once; what takes time happens on the store's thread, on image threads, or in the engine's
// processes. Failures come as codes (failed()). Nothing of the model leaves here before mayShow() allows it: reveal()
// is empty then. Thread: the GUI's.
#pragma once

#include "session/Reveals.h"
#include "session/ServeProcess.h"
#include "session/StoreThread.h"
#include "session/WorkspaceImages.h"
#include "session/WorkspaceReading.h"
#include "session/WorkspaceTraining.h"
#include "session/WorkspaceTypes.h"

#include <QObject>
#include <QTimer>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace foveate::session {

struct WorkspaceOptions {
    std::string reader;   ///< "": the login name
    std::string decoder;  ///< path of foveate-decode; "": beside this program
    EngineOptions engine; ///< its `background` is the one below
    bool background =
        true; ///< the engine takes only the time that nobody else wants; false where nobody waits for a window
    bool training = true; ///< false: no engine is ever started (tests of reading alone)
};

struct NewProject {
    std::string folder;
    store::ProjectFile file;
    ImportOptions source;
};

class Workspace : public QObject {
    Q_OBJECT
public:
    explicit Workspace(WorkspaceOptions options = {}, QObject* parent = nullptr);
    ~Workspace() override;

    /// As owner, else read-only from the last backup (ProjectView::owner says who has it). opened() or failed()
    /// follows.
    void open(const std::string& folder);
    /// Makes the project and imports; imported() and opened(), or failed().
    void create(const NewProject& wish);
    /// More images into the open project; imported() and opened(), or failed().
    void import(const ImportOptions& source);
    /// Makes the demo where there is none, then opens it.
    void openDemo(const std::string& folder, const std::string& modality, int images = 600);
    void close();
    /// Stops an import between two files; the project stays as it was.
    void cancelImport() { m_cancel = true; }

    const ProjectView& project() const { return m_project; }
    bool busy() const { return m_busy; }
    WorkspaceReading& reading() { return *m_reading; }
    WorkspaceTraining& training() { return *m_training; }
    WorkspaceImages& images() { return *m_images; }

    /// What may be shown of the model for the image on the screen; empty while it is asked for, or must not be.
    const std::optional<Reveal>& reveal() const { return m_reveal; }
    bool revealPending() const { return !m_reveal && m_reveals->pending(m_reading->item().row); }
    /// How maps are made from now on: "gradcam" or "deep-taylor".
    void setMapMethod(const std::string& method);
    bool hasModel() const { return !m_models.empty(); }
    /// The project's finished models, newest first.
    const std::vector<RunInfo>& models() const { return m_models; }
    /// Of which of them prediction and map are from now on; "" is the newest, also when a newer one comes.
    void askModel(const std::string& run);
    /// The one that is asked; null before there is any.
    const RunInfo* askedModel() const;
    /// A small picture for the film strip, from the pack: 8 bit; nothing for an unknown image.
    std::optional<imaging::Image> thumbnail(const std::string& sample) const;

Q_SIGNALS:
    void opened();
    void closed();
    void failed(const foveate::Error& error);
    void busyChanged();
    void progressed(const foveate::Progress& progress);
    void imported(const foveate::session::ImportReport& report);
    void revealChanged();
    void modelsChanged();

private:
    void tellImported(const Result<ImportReport>& outcome);
    void openOn(StoreThread::Slot& slot, const std::string& folder);
    void received(const OpenedStudy& study, std::vector<RunInfo> models, std::optional<Pack> pack);
    void setModels(std::vector<RunInfo> models);
    void setBusy(bool busy);
    void report(const Error& error);
    NewProject withDecoder(NewProject wish) const;
    ImportControl control();
    void askForReveal();
    void takeReveal(std::int64_t row);
    void readingChanged();

    WorkspaceOptions m_options;
    std::unique_ptr<StoreThread> m_store;
    WorkspaceImages* m_images;
    WorkspaceReading* m_reading;
    WorkspaceTraining* m_training;
    ServeProcess* m_serve;
    Reveals* m_reveals;
    ProjectView m_project;
    std::optional<Pack> m_pack;
    std::vector<RunInfo> m_models;
    std::string m_asked; ///< run that the reader chose; "": the newest
    std::optional<Reveal> m_reveal;
    quint64 m_revealSerial = 0;
    bool m_busy = false;
    std::atomic<bool> m_cancel = false;
    QElapsedTimer m_throttle;
    QTimer m_rest; ///< the database is looked after when no decision has come for a while
};

/// The name that decisions are stored under: FOVEATE_READER, else the login name.
std::string defaultReader();

} // namespace foveate::session
