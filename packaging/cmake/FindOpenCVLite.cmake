# SPDX-License-Identifier: GPL-3.0-or-later
#
# Finds OpenCV's core and imgproc alone, as Debian's libopencv-core-dev and libopencv-imgproc-dev install them. OpenCV's own
# CMake configuration comes only with libopencv-dev, which brings some 200 packages more.
#
# Targets:   OpenCVLite::core, OpenCVLite::imgproc (which links core).
# Variables: OpenCVLite_FOUND, OpenCVLite_VERSION.

find_path(OpenCVLite_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4)
find_library(OpenCVLite_CORE_LIBRARY opencv_core)
find_library(OpenCVLite_IMGPROC_LIBRARY opencv_imgproc)
mark_as_advanced(OpenCVLite_INCLUDE_DIR OpenCVLite_CORE_LIBRARY OpenCVLite_IMGPROC_LIBRARY)

if(OpenCVLite_INCLUDE_DIR AND EXISTS "${OpenCVLite_INCLUDE_DIR}/opencv2/core/version.hpp")
    file(STRINGS "${OpenCVLite_INCLUDE_DIR}/opencv2/core/version.hpp" _OpenCVLite_lines
        REGEX "^#define CV_VERSION_(MAJOR|MINOR|REVISION) +[0-9]+")
    string(REGEX REPLACE "[^0-9;]" "" _OpenCVLite_lines "${_OpenCVLite_lines}")
    list(JOIN _OpenCVLite_lines "." OpenCVLite_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVLite
    REQUIRED_VARS OpenCVLite_CORE_LIBRARY OpenCVLite_IMGPROC_LIBRARY OpenCVLite_INCLUDE_DIR
    VERSION_VAR OpenCVLite_VERSION
    REASON_FAILURE_MESSAGE "Debian's packages for it are libopencv-core-dev and libopencv-imgproc-dev.")

if(OpenCVLite_FOUND AND NOT TARGET OpenCVLite::core)
    add_library(OpenCVLite::core SHARED IMPORTED)
    set_target_properties(OpenCVLite::core PROPERTIES
        IMPORTED_LOCATION "${OpenCVLite_CORE_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${OpenCVLite_INCLUDE_DIR}")
    add_library(OpenCVLite::imgproc SHARED IMPORTED)
    set_target_properties(OpenCVLite::imgproc PROPERTIES
        IMPORTED_LOCATION "${OpenCVLite_IMGPROC_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${OpenCVLite_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES OpenCVLite::core)
endif()
