// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/WorkspaceImages.h"

#include <algorithm>
#include <cstring>

namespace foveate::session {

namespace {

constexpr int kWorkers = 2;

std::string pathOf(const store::Sample& sample)
{
    return sample.relativePath.starts_with('/') ? sample.relativePath : sample.root + '/' + sample.relativePath;
}

} // namespace

imaging::Image packImage(const Pack& pack, std::size_t row)
{
    const PackRecord record = pack.record(row);
    const PackShape shape = pack.shape();
    const auto pixels = pack.pixels(row);
    const std::uint32_t width = std::clamp(record.w, 1u, shape.size), height = std::clamp(record.h, 1u, shape.size);
    const std::uint32_t x = std::min(record.x, shape.size - width), y = std::min(record.y, shape.size - height);
    std::vector<std::byte> bytes(std::size_t(width) * height * shape.channels);
    for (std::uint32_t line = 0; line < height; ++line)
        std::memcpy(bytes.data() + std::size_t(line) * width * shape.channels,
                    pixels.data() + (std::size_t(y + line) * shape.size + x) * shape.channels,
                    std::size_t(width) * shape.channels);
    imaging::Image image = imaging::makeImage(width, height, std::uint8_t(shape.channels), 8, bytes);
    image.damaged = record.damaged;
    return image;
}

WorkspaceImages::WorkspaceImages(std::string decoder, QObject* parent) : QObject(parent), m_decoder(std::move(decoder))
{
    m_threads.setMaxThreadCount(kWorkers);
    m_threads.setObjectName(QStringLiteral("images"));
}

WorkspaceImages::~WorkspaceImages()
{
    {
        const std::lock_guard lock(m_mutex);
        m_wanted.clear();
    }
    m_threads.clear();
    m_threads.waitForDone();
}

void WorkspaceImages::setPack(std::optional<Pack> pack)
{
    m_pack = std::move(pack);
    m_images.clear();
    m_started.clear();
}

void WorkspaceImages::want(const std::vector<store::Sample>& samples)
{
    {
        const std::lock_guard lock(m_mutex);
        m_wanted.clear();
        for (const store::Sample& sample : samples)
            m_wanted.insert(sample.id);
        std::erase_if(m_images, [this](const auto& entry) { return !m_wanted.contains(entry.first); });
    }
    int priority = int(samples.size());
    for (const store::Sample& sample : samples)
        start(sample, priority--);
}

const LoadedImage* WorkspaceImages::find(const std::string& sample) const
{
    const auto found = m_images.find(sample);
    return found == m_images.end() ? nullptr : &found->second;
}

void WorkspaceImages::forget(const std::string& sample)
{
    m_images.erase(sample);
}

void WorkspaceImages::start(const store::Sample& sample, int priority)
{
    if (m_images.contains(sample.id) || !m_started.insert(sample.id).second)
        return;
    m_threads.start(
        [this, sample, pack = m_pack] {
            LoadedImage loaded;
            bool wanted = false;
            {
                const std::lock_guard lock(m_mutex);
                wanted = m_wanted.contains(sample.id);
            }
            if (wanted)
                loaded = load(sample, pack);
            QMetaObject::invokeMethod(
                this, [this, sample, loaded, wanted] { finish(sample, loaded, wanted); }, Qt::QueuedConnection);
        },
        priority);
}

void WorkspaceImages::finish(const store::Sample& sample, const LoadedImage& loaded, bool wasWanted)
{
    m_started.erase(sample.id);
    if (!m_wanted.contains(sample.id)) // only this thread changes the set
        return;
    if (!wasWanted) {
        start(sample, 0); // wanted again while it was passed over
        return;
    }
    m_images[sample.id] = loaded;
    Q_EMIT this->loaded(QString::fromStdString(sample.id));
}

LoadedImage WorkspaceImages::load(const store::Sample& sample, const std::optional<Pack>& pack)
{
    auto image = decode(sample);
    if (image)
        return {std::move(*image), false, {}};
    const bool gone = image.error().code == Code::notFound || image.error().code == Code::io ||
                      image.error().code == Code::badDirectory || image.error().code == Code::corrupt;
    if (gone && pack && sample.packRow >= 0 && std::size_t(sample.packRow) < pack->count())
        return {packImage(*pack, std::size_t(sample.packRow)), true, image.error()};
    return {{}, false, image.error()};
}

Result<imaging::Image> WorkspaceImages::decode(const store::Sample& sample)
{
    std::shared_ptr<imaging::DecoderPool> decoders;
    {
        const std::lock_guard lock(m_decoderMutex);
        if (!m_decoders) {
            imaging::PoolOptions options;
            options.workers = kWorkers;
            options.program = m_decoder;
            FOVEATE_TRY(imaging::DecoderPool pool, imaging::DecoderPool::create(options));
            m_decoders = std::make_shared<imaging::DecoderPool>(std::move(pool));
        }
        decoders = m_decoders;
    }
    FOVEATE_TRY(imaging::Image image, decoders->decode(pathOf(sample), {std::uint32_t(sample.frame), true}));
    // Another picture under the same name must not be labelled as the one that was imported.
    if (image.fileSha != sample.fileSha)
        return fail(Code::corrupt, {pathOf(sample), "changed since the import"});
    return image;
}

} // namespace foveate::session
