# Counts the lines of a header after preprocessing, without blank lines and line markers (-P): a measure of what including it costs
# that is the same on every run. By this count <memory> alone has 35,500 lines and <functional> 28,600 with g++ 12.
cmake_minimum_required(VERSION 3.22)

file(WRITE ${WORK}/count_lines.cpp "#include <${HEADER}>\n")
execute_process(COMMAND ${CXX} -std=c++20 -E -P -I${INCLUDE} ${WORK}/count_lines.cpp OUTPUT_VARIABLE text RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${HEADER} does not preprocess")
endif()
string(REGEX REPLACE "[^\n]+" "" newlines "${text}")
string(LENGTH "${newlines}" lines)
message("${HEADER}: ${lines} preprocessed lines, ${LIMIT} allowed")
if(lines LESS 1000 OR lines GREATER ${LIMIT})
  message(FATAL_ERROR "${HEADER} has ${lines} preprocessed lines, at most ${LIMIT} are allowed: which standard header came in?")
endif()
