# SPDX-License-Identifier: GPL-3.0-or-later
#
# Finds the C++ headers of PyPI's assorthead (umappp, qdtsne, hnswlib …), where packaging/setup put them.
#
#   Assorthead_ROOT (CMake or environment)  the folder that holds assorthead/; when set, nothing else is searched.
#
# Target:   Assorthead::headers. It brings an Eigen 5 of its own: link it PRIVATE, and into nothing that sees Debian's Eigen.
# Variable: Assorthead_FOUND.

if(Assorthead_ROOT)
    set(_Assorthead_place "${Assorthead_ROOT}")
elseif(NOT "$ENV{Assorthead_ROOT}" STREQUAL "")
    set(_Assorthead_place "$ENV{Assorthead_ROOT}")
elseif("$ENV{XDG_CACHE_HOME}" STREQUAL "")
    set(_Assorthead_place "$ENV{HOME}/.cache/foveate/assorthead-0.2.2")
else()
    set(_Assorthead_place "$ENV{XDG_CACHE_HOME}/foveate/assorthead-0.2.2")
endif()

find_path(Assorthead_INCLUDE_DIR qdtsne/qdtsne.hpp PATHS "${_Assorthead_place}" PATH_SUFFIXES assorthead/include NO_DEFAULT_PATH)
mark_as_advanced(Assorthead_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Assorthead REQUIRED_VARS Assorthead_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "packaging/setup puts it in place, or pass -DAssorthead_ROOT=FOLDER, the folder that holds assorthead/.")

if(Assorthead_FOUND AND NOT TARGET Assorthead::headers)
    add_library(Assorthead::headers INTERFACE IMPORTED)
    set_target_properties(Assorthead::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Assorthead_INCLUDE_DIR}")
endif()
