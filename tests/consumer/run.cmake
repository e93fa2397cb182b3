# Builds a consumer project from nothing and runs it.
#   cmake -DKIND=find_package -DROOT=... -DBUILD=... -DCXX=... -DGENERATOR=... -DLAUNCHER=... -P run.cmake
cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " line)
    message(FATAL_ERROR "consumer ${KIND}: failed (${status}): ${line}")
  endif()
endfunction()

file(REMOVE_RECURSE ${BUILD})
file(MAKE_DIRECTORY ${BUILD})
set(here ${ROOT}/tests/consumer)
set(compiler -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -DCHAINRULE_WITH_CUDA=OFF)

if(KIND STREQUAL plain_include)  # one line, no build system, no OpenMP
  run(${CXX} -std=c++20 -O0 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wno-unknown-pragmas -pthread -I${ROOT}/include -I${here}
    "-DCONSUMER_HEADER=<chainrule/chainrule.hpp>" ${here}/main.cpp -o ${BUILD}/consumer)
  run(${BUILD}/consumer)
  run(${CXX} -std=c++20 -O0 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wno-unknown-pragmas -pthread -I${ROOT}/include
    "-DCONSUMER_HEADER=<chainrule/chainrule.hpp>" ${here}/using_namespaces.cpp -o ${BUILD}/using_namespaces)
  run(${BUILD}/using_namespaces)
  return()
endif()

set(arguments)
if(KIND STREQUAL find_package)
  run(${CMAKE_COMMAND} -S ${ROOT} -B ${BUILD}/library ${compiler} -DCHAINRULE_BUILD_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX=${BUILD}/prefix)
  run(${CMAKE_COMMAND} --install ${BUILD}/library)
  set(arguments -DCMAKE_PREFIX_PATH=${BUILD}/prefix)
elseif(KIND STREQUAL fetch_content)
  run(${CMAKE_COMMAND} -E make_directory ${BUILD}/archive)
  run(${CMAKE_COMMAND} -E copy_directory ${ROOT}/include ${BUILD}/archive/include)
  run(${CMAKE_COMMAND} -E copy_directory ${ROOT}/cmake ${BUILD}/archive/cmake)
  run(${CMAKE_COMMAND} -E copy ${ROOT}/CMakeLists.txt ${BUILD}/archive)
  run(${CMAKE_COMMAND} -E chdir ${BUILD} ${CMAKE_COMMAND} -E tar czf chainrule.tar.gz archive)
  set(arguments -DCHAINRULE_ARCHIVE=${BUILD}/chainrule.tar.gz)
else()
  set(arguments -DCHAINRULE_ROOT=${ROOT})
endif()
run(${CMAKE_COMMAND} -S ${here}/${KIND} -B ${BUILD}/consumer ${compiler} "-DCMAKE_CXX_FLAGS=-O0" ${arguments})
run(${CMAKE_COMMAND} --build ${BUILD}/consumer)
run(${BUILD}/consumer/consumer)
