// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/DicomDictionary.h"

#include <cstdlib>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

namespace foveate::imaging {
namespace {

struct Element {
    DcmTagKey tag;
    DcmEVR vr;
};

/// PS3.6; ox is OB or OW, xs US or SS, as the dataset says elsewhere.
const Element kElements[] = {
    {DCM_TransferSyntaxUID, EVR_UI},
    {DCM_SOPClassUID, EVR_UI},
    {DCM_SOPInstanceUID, EVR_UI},
    {DCM_PatientID, EVR_LO},
    {DCM_ImagerPixelSpacing, EVR_DS},
    {DCM_SamplesPerPixel, EVR_US},
    {DCM_PhotometricInterpretation, EVR_CS},
    {DCM_PlanarConfiguration, EVR_US},
    {DCM_NumberOfFrames, EVR_IS},
    {DCM_Rows, EVR_US},
    {DCM_Columns, EVR_US},
    {DCM_PixelSpacing, EVR_DS},
    {DCM_BitsAllocated, EVR_US},
    {DCM_BitsStored, EVR_US},
    {DCM_HighBit, EVR_US},
    {DCM_PixelRepresentation, EVR_US},
    {DCM_WindowCenter, EVR_DS},
    {DCM_WindowWidth, EVR_DS},
    {DCM_RescaleIntercept, EVR_DS},
    {DCM_RescaleSlope, EVR_DS},
    {DCM_VOILUTFunction, EVR_CS},
    {DCM_RedPaletteColorLookupTableDescriptor, EVR_xs},
    {DCM_GreenPaletteColorLookupTableDescriptor, EVR_xs},
    {DCM_BluePaletteColorLookupTableDescriptor, EVR_xs},
    {DCM_RedPaletteColorLookupTableData, EVR_OW},
    {DCM_GreenPaletteColorLookupTableData, EVR_OW},
    {DCM_BluePaletteColorLookupTableData, EVR_OW},
    {DCM_SegmentedRedPaletteColorLookupTableData, EVR_OW},
    {DCM_PixelMeasuresSequence, EVR_SQ},
    {DCM_FrameVOILUTSequence, EVR_SQ},
    {DCM_PixelValueTransformationSequence, EVR_SQ},
    {DCM_SharedFunctionalGroupsSequence, EVR_SQ},
    {DCM_PerFrameFunctionalGroupsSequence, EVR_SQ},
    {DCM_ExtendedOffsetTable, EVR_OV},
    {DCM_FloatPixelData, EVR_OF},
    {DCM_DoubleFloatPixelData, EVR_OD},
    {DCM_PixelData, EVR_ox},
};

} // namespace

void loadDicomDictionary()
{
    setenv("DCMDICTPATH", "/dev/null", 1); // read when the dictionary is first asked for, which is now
    DcmDataDictionary& dictionary = dcmDataDict.wrlock();
    for (const Element& element : kElements)
        dictionary.addEntry(new DcmDictEntry(element.tag.getGroup(), element.tag.getElement(), DcmVR(element.vr),
                                             "pixels", 1, DcmVariableVM, "foveate", OFFalse, nullptr));
    dcmDataDict.wrunlock();
}

} // namespace foveate::imaging
