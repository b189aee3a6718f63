// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/DicomStream.h"

#include <algorithm>

namespace foveate::imaging {
namespace {

class SourceFactory : public DcmInputStreamFactory {
public:
    SourceFactory(Source& source, offile_off_t offset) : m_source(source), m_offset(offset) {}
    DcmInputStream* create() const override { return new SourceStream(m_source, m_offset); }
    DcmInputStreamFactory* clone() const override { return new SourceFactory(m_source, m_offset); }
    // The other kind owns a temporary file; there is no third.
    DcmInputStreamFactoryType ident() const override { return DFT_DcmInputFileStreamFactory; }

private:
    Source& m_source;
    offile_off_t m_offset;
};

} // namespace

offile_off_t SourceProducer::read(void* buffer, offile_off_t count)
{
    if (count <= 0 || m_at < 0)
        return 0;
    const auto got = offile_off_t(m_source.read(std::uint64_t(m_at), buffer, std::size_t(count)));
    m_at += got;
    return got;
}

offile_off_t SourceProducer::skip(offile_off_t count)
{
    const offile_off_t step = std::clamp<offile_off_t>(count, 0, avail());
    m_at += step;
    return step;
}

void SourceProducer::putback(offile_off_t count)
{
    m_at -= std::clamp<offile_off_t>(count, 0, m_at);
}

SourceStream::SourceStream(Source& source, offile_off_t offset)
    : DcmInputStream(&m_producer), m_source(source), m_producer(source, offset)
{}

DcmInputStreamFactory* SourceStream::newFactory() const
{
    // Behind a decompressing filter positions mean nothing in the file.
    return currentProducer() == &m_producer ? new SourceFactory(m_source, tell()) : nullptr;
}

} // namespace foveate::imaging
