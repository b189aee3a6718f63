// SPDX-License-Identifier: GPL-3.0-or-later
// A Source as DCMTK's input stream, so that a DICOM file is read through the descriptor that the cage was given.
//
// Large values stay in the file: DCMTK asks the stream for a factory, remembers it with the offset, and reads them when
// they are needed. The Source must outlive every dataset read from it.
#pragma once

#include "imaging/Source.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcistrma.h>

namespace foveate::imaging {

class SourceProducer : public DcmProducer {
public:
    SourceProducer(Source& source, offile_off_t offset) : m_source(source), m_at(offset) {}
    OFBool good() const override { return OFTrue; }
    OFCondition status() const override { return EC_Normal; }
    OFBool eos() override { return m_at >= size(); }
    offile_off_t avail() override { return m_at < size() ? size() - m_at : 0; }
    offile_off_t read(void* buffer, offile_off_t count) override;
    offile_off_t skip(offile_off_t count) override;
    void putback(offile_off_t count) override;

private:
    offile_off_t size() const { return offile_off_t(m_source.size()); }
    Source& m_source;
    offile_off_t m_at;
};

class SourceStream : public DcmInputStream {
public:
    SourceStream(Source& source, offile_off_t offset);
    DcmInputStreamFactory* newFactory() const override;

private:
    Source& m_source;
    SourceProducer m_producer;
};

} // namespace foveate::imaging
