# SPDX-License-Identifier: GPL-3.0-or-later
#
# Finds the LibTorch of an unpacked `torch` wheel, without the wheel's own CMake configuration, which insists on nvcc.
#
#   LibTorch_ROOT (CMake or environment)  the folder that holds torch/ (and nvidia/ beside it); when set, nothing else is searched.
#   Otherwise the cache that packaging/setup fills: the set for GPUs before the one for CPUs.
#
# Targets:   LibTorch::torch (the one to link), LibTorch::torch_cpu, LibTorch::c10, LibTorch::gomp; LibTorch::torch_cuda for the one
#            module that names CUDA symbols.
# Variables: LibTorch_FOUND, LibTorch_VERSION, LibTorch_FOLDER (holds torch/), LibTorch_HAS_CUDA (whether the libraries that
#            libtorch_cuda needs lie there too), LibTorch_HAS_NCCL (whether NCCL's header does). The programs never link
#            libtorch_cuda: the engine opens it at run time by its plain name, which the run path of the build resolves.

if(LibTorch_ROOT)
    set(_LibTorch_places "${LibTorch_ROOT}")
elseif(NOT "$ENV{LibTorch_ROOT}" STREQUAL "")
    set(_LibTorch_places "$ENV{LibTorch_ROOT}")
else()
    if("$ENV{XDG_CACHE_HOME}" STREQUAL "")
        set(_LibTorch_cache "$ENV{HOME}/.cache/foveate")
    else()
        set(_LibTorch_cache "$ENV{XDG_CACHE_HOME}/foveate")
    endif()
    set(_LibTorch_places)
    foreach(_LibTorch_kind gpu cpu)
        # packaging/setup writes this file last: a set without it is incomplete.
        if(EXISTS "${_LibTorch_cache}/libtorch-2.11.0-${_LibTorch_kind}/foveate-complete.lock")
            list(APPEND _LibTorch_places "${_LibTorch_cache}/libtorch-2.11.0-${_LibTorch_kind}")
        endif()
    endforeach()
endif()

# What an earlier configure found must not outlive a change of place.
if(NOT "${_LibTorch_places}" STREQUAL "${LibTorch_PLACES_SEARCHED}")
    unset(LibTorch_INCLUDE_DIR CACHE)
    unset(LibTorch_TORCH_CPU_LIBRARY CACHE)
    unset(LibTorch_C10_LIBRARY CACHE)
    unset(LibTorch_GOMP_LIBRARY CACHE)
    set(LibTorch_PLACES_SEARCHED "${_LibTorch_places}" CACHE INTERNAL "Where LibTorch was looked for")
endif()

find_path(LibTorch_INCLUDE_DIR torch/headeronly/version.h
    PATHS ${_LibTorch_places} PATH_SUFFIXES torch/include NO_DEFAULT_PATH)
find_library(LibTorch_TORCH_CPU_LIBRARY torch_cpu PATHS ${_LibTorch_places} PATH_SUFFIXES torch/lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 PATHS ${_LibTorch_places} PATH_SUFFIXES torch/lib NO_DEFAULT_PATH)
find_file(LibTorch_GOMP_LIBRARY libgomp.so.1 PATHS ${_LibTorch_places} PATH_SUFFIXES torch/lib NO_DEFAULT_PATH)
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_TORCH_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_GOMP_LIBRARY)

if(LibTorch_INCLUDE_DIR)
    file(STRINGS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h" _LibTorch_lines
        REGEX "^#define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
    string(REGEX REPLACE "[^0-9;]" "" _LibTorch_lines "${_LibTorch_lines}")
    list(JOIN _LibTorch_lines "." LibTorch_VERSION)
    get_filename_component(LibTorch_FOLDER "${LibTorch_INCLUDE_DIR}/../.." ABSOLUTE)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
    REQUIRED_VARS LibTorch_TORCH_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_GOMP_LIBRARY LibTorch_INCLUDE_DIR
    VERSION_VAR LibTorch_VERSION
    REASON_FAILURE_MESSAGE "packaging/setup puts it in place, or pass -DLibTorch_ROOT=FOLDER, the folder that holds torch/.")

if(LibTorch_FOUND)
    set(LibTorch_HAS_CUDA OFF)
    if(EXISTS "${LibTorch_FOLDER}/torch/lib/libtorch_cuda.so" AND EXISTS "${LibTorch_FOLDER}/nvidia/cudnn/lib")
        set(LibTorch_HAS_CUDA ON)
    endif()
    file(GLOB _LibTorch_nccl "${LibTorch_FOLDER}/nvidia/*/include/nccl.h")
    if(_LibTorch_nccl AND LibTorch_HAS_CUDA)
        set(LibTorch_HAS_NCCL ON)
    else()
        set(LibTorch_HAS_NCCL OFF)
    endif()
endif()

if(LibTorch_FOUND AND NOT TARGET LibTorch::torch)
    add_library(LibTorch::c10 SHARED IMPORTED)
    set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION "${LibTorch_C10_LIBRARY}")
    add_library(LibTorch::torch_cpu SHARED IMPORTED)
    set_target_properties(LibTorch::torch_cpu PROPERTIES IMPORTED_LOCATION "${LibTorch_TORCH_CPU_LIBRARY}")

    add_library(LibTorch::gomp SHARED IMPORTED)
    set_target_properties(LibTorch::gomp PROPERTIES IMPORTED_LOCATION "${LibTorch_GOMP_LIBRARY}")

    # at::parallel_for is a template: in files compiled without OpenMP it runs on one thread and says nothing. The wheel's own
    # runtime is linked, so that there is one pool of threads.
    # The headers of an imported target are SYSTEM for whoever links it, so our warnings do not reach into them.
    add_library(LibTorch::torch INTERFACE IMPORTED)
    set_target_properties(LibTorch::torch PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
        INTERFACE_COMPILE_DEFINITIONS "_GLIBCXX_USE_CXX11_ABI=1"
        INTERFACE_COMPILE_OPTIONS "-fopenmp"
        INTERFACE_LINK_LIBRARIES "LibTorch::torch_cpu;LibTorch::c10;LibTorch::gomp")

    # libtorch_cuda names libraries that only the set for GPUs has; what is linked with it leaves those to the run.
    file(GLOB _LibTorch_cudaIncludes "${LibTorch_FOLDER}/nvidia/*/include")
    add_library(LibTorch::torch_cuda INTERFACE IMPORTED)
    set_target_properties(LibTorch::torch_cuda PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${_LibTorch_cudaIncludes}"
        INTERFACE_LINK_DIRECTORIES "${LibTorch_FOLDER}/torch/lib"
        INTERFACE_LINK_OPTIONS "-Wl,--allow-shlib-undefined"
        INTERFACE_LINK_LIBRARIES "LibTorch::torch;torch_cuda;c10_cuda;${LibTorch_FOLDER}/nvidia/cu13/lib/libcudart.so.13")
endif()
