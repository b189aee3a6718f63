// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Project.h"

#include "base/AtomicFile.h"
#include "session/Booking.h"

namespace foveate::session {

Result<Project> Project::create(const std::string& folder, const store::ProjectFile& file)
{
    Project project(folder, Purpose::write);
    FOVEATE_TRY(project.m_study, store::Study::create(folder, file));
    project.m_file = project.m_study->project();
    FOVEATE_CHECK(makeFolder(folder + "/cache"));
    FOVEATE_CHECK(makeFolder(project.runsFolder()));
    return project;
}

Result<Project> Project::open(const std::string& folder, Purpose purpose)
{
    Project project(folder, purpose);
    FOVEATE_CHECK(project.take());
    return project;
}

Status Project::take()
{
    auto owned = store::Study::openOwner(m_folder);
    if (owned) {
        m_study.emplace(std::move(*owned));
        m_hindrance.reset();
    } else {
        const bool beside = owned.error().code == Code::locked || owned.error().code == Code::readOnly;
        if (m_purpose == Purpose::write || !beside)
            return tl::unexpected(owned.error());
        auto backup = store::Study::openFromBackup(m_folder);
        if (!backup)
            return tl::unexpected(owned.error());
        m_study.emplace(std::move(*backup));
        m_hindrance = owned.error();
    }
    m_file = m_study->project();
    if (readOnly())
        return {};
    FOVEATE_CHECK(bookFinishedRuns(*this));
    return {};
}

PackShape Project::packShape() const
{
    return {std::uint32_t(m_file.packSize), std::uint32_t(m_file.channels())};
}

Result<Pack> Project::pack() const
{
    return Pack::open(packPath());
}

Status Project::release()
{
    if (!m_study)
        return {};
    const Status closed = m_study->close();
    m_study.reset();
    return closed;
}

Status Project::reopen()
{
    return m_study ? Status() : take();
}

} // namespace foveate::session
