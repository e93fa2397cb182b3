# The targets that bring a source file into the project that uses them. Included by chainrule's own build and by its package, so
# that an installed chainrule needs no library built for some other compiler's flags. Wants chainrule_include_dir.

# chainrule::compiled: the kernels, the API for float and what is no template, compiled once. Whoever links it compiles its own files in
# seconds, includes what it likes, and needs to change nothing: CHAINRULE_COMPILED tells the headers.
if(NOT TARGET chainrule::compiled)
  file(GLOB chainrule_compiled_sources "${chainrule_include_dir}/chainrule/compiled/*.cpp")
  add_library(chainrule_compiled STATIC EXCLUDE_FROM_ALL ${chainrule_compiled_sources})
  add_library(chainrule::compiled ALIAS chainrule_compiled)
  set_target_properties(chainrule_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(chainrule_compiled PUBLIC chainrule::chainrule)
  target_compile_definitions(chainrule_compiled PUBLIC CHAINRULE_COMPILED)
  # Nobody puts functions of his own in the place of the library's: without this g++ would not inline one into another (-fPIC).
  target_compile_options(chainrule_compiled PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-semantic-interposition>)
  if(CHAINRULE_PCH)
    target_precompile_headers(chainrule_compiled INTERFACE <chainrule/chainrule.hpp>)
  endif()
  # Nothing refers to the kernels by name: without this the linker would leave them in the archive.
  target_link_options(chainrule_compiled INTERFACE "LINKER:-u,$<$<PLATFORM_ID:Darwin>:_>chainrule_compiled_kernels")
endif()

# chainrule::cuda: one .cu file, compiled by nvcc, that registers the GPU's kernels; the project's own files stay .cpp.
# Exists where CUDA is enabled before: project(app LANGUAGES CXX CUDA).
if(CMAKE_CUDA_COMPILER AND NOT TARGET chainrule::cuda)
  find_package(CUDAToolkit QUIET)
  if(CUDAToolkit_FOUND)
    add_library(chainrule_cuda INTERFACE)
    add_library(chainrule::cuda ALIAS chainrule_cuda)
    target_sources(chainrule_cuda INTERFACE "${chainrule_include_dir}/chainrule/cuda/backend.cu")
    target_compile_options(chainrule_cuda INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
    target_link_libraries(chainrule_cuda INTERFACE chainrule::chainrule CUDA::cudart CUDA::cublas)
  endif()
endif()
