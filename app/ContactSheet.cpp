// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ContactSheet.h"

#include "app/EngineVerb.h"
#include "base/Npy.h"
#include "imaging/client/PngWriter.h"
#include "session/PackKeeping.h"

#include <QTemporaryDir>
#include <algorithm>

namespace foveate::app {
namespace {

constexpr std::size_t kGap = 2; // white pixels around every picture

/// views [N,V,S,S,C], one row of pictures per image.
Status drawSheet(const Array<std::uint8_t>& views, const std::string& path)
{
    if (views.shape.size() != 5)
        return fail(Code::wrongShape, {"views.npy", std::to_string(views.shape.size()), "5"});
    const std::size_t rows = views.shape[0], columns = views.shape[1], side = views.shape[2], channels = views.shape[4];
    const std::size_t width = columns * (side + kGap) + kGap, height = rows * (side + kGap) + kGap;
    std::vector<std::uint8_t> sheet(width * height * channels, 255);
    const std::uint8_t* from = views.data.data();
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t column = 0; column < columns; ++column)
            for (std::size_t y = 0; y < side; ++y, from += side * channels) {
                const std::size_t top = kGap + row * (side + kGap) + y, left = kGap + column * (side + kGap);
                std::copy_n(from, side * channels, sheet.data() + (top * width + left) * channels);
            }
    return imaging::writePng(path,
                             {sheet.data(), std::uint32_t(width), std::uint32_t(height), std::uint8_t(channels), 8});
}

} // namespace

Result<nlohmann::json> drawViews(session::Project& project, session::RunWish wish, const std::string& path,
                                 const CommonOptions& common)
{
    wish.job = "views";
    FOVEATE_CHECK(session::ensurePack(project));
    FOVEATE_TRY(Snapshot snapshot, session::takeSnapshot(project, wish));
    const QTemporaryDir place(QString::fromStdString(project.folder() + "/cache/views-XXXXXX"));
    const std::string folder = place.path().toStdString();
    FOVEATE_CHECK(session::writeRunInput(folder, std::move(snapshot), project.packPath(), {}));
    FOVEATE_CHECK(runEngine(folder, common));
    FOVEATE_TRY(const auto views, readNpy<std::uint8_t>(folder + "/views.npy"));
    FOVEATE_CHECK(drawSheet(views, path));
    FOVEATE_TRY(nlohmann::json result, readResult(folder));
    result.erase("job");
    result["file"] = path;
    return result;
}

} // namespace foveate::app
