# Libraries that no Debian package has, fetched by tools/install_libraries.sh into .cache/libraries, and copied beside
# the binary, from where they are loaded when needed.
set(TICKSCOPE_LIBRARIES ${CMAKE_SOURCE_DIR}/.cache/libraries CACHE PATH "Where tools/install_libraries.sh put them")
set(ARROW_DIR ${TICKSCOPE_LIBRARIES}/arrow)
set(DUCKDB_DIR ${TICKSCOPE_LIBRARIES}/duckdb)
set(ARROW_SO 2600)
if(NOT EXISTS ${ARROW_DIR}/lib/libarrow.so.${ARROW_SO} OR NOT EXISTS ${DUCKDB_DIR}/lib/libduckdb.so)
  message(FATAL_ERROR "Arrow or DuckDB is missing below ${TICKSCOPE_LIBRARIES}: run tools/install_libraries.sh, or ./dev build")
endif()

add_library(dep_arrow INTERFACE)
target_include_directories(dep_arrow SYSTEM INTERFACE ${ARROW_DIR}/include)
target_link_libraries(dep_arrow INTERFACE ${ARROW_DIR}/lib/libparquet.so.${ARROW_SO} ${ARROW_DIR}/lib/libarrow_s3.so.${ARROW_SO}
  ${ARROW_DIR}/lib/libarrow.so.${ARROW_SO})

file(GLOB SHIPPED ${ARROW_DIR}/lib/*.so.${ARROW_SO} ${DUCKDB_DIR}/lib/libduckdb.so)
add_custom_target(shipped_libraries)
foreach(LIBRARY ${SHIPPED})
  get_filename_component(NAME ${LIBRARY} NAME)
  # Links: two hundred megabytes need not be there once a preset.
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/lib/${NAME}
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${LIBRARY} ${CMAKE_BINARY_DIR}/lib/${NAME})
  add_custom_target(shipped_${NAME} DEPENDS ${CMAKE_BINARY_DIR}/lib/${NAME})
  add_dependencies(shipped_libraries shipped_${NAME})
endforeach()
