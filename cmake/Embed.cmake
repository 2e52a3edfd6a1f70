# Embeds the console's pages, the shipped dashboards and the shipped schema in tickscope_console (tools/embed_files.py).
# Pages are there when ui/ was built (./dev build does); without them the binary is whole and says how to get them.
find_program(TICKSCOPE_PYTHON python3 REQUIRED)
set(EMBED_UI ${CMAKE_SOURCE_DIR}/ui/dist)
set(EMBED_DASHBOARDS ${CMAKE_SOURCE_DIR}/dashboards/console)
set(EMBED_SCHEMA ${CMAKE_SOURCE_DIR}/schema/game.yaml)
set(EMBED_OUT ${CMAKE_CURRENT_BINARY_DIR}/console_files)
# Names in dist change with what is in them, so the list of them says when to look again.
file(GLOB_RECURSE EMBED_SOURCES CONFIGURE_DEPENDS ${EMBED_UI}/* ${EMBED_DASHBOARDS}/*.json)
add_custom_command(
  OUTPUT ${EMBED_OUT}.bin ${EMBED_OUT}.S ${EMBED_OUT}.cc
  COMMAND ${TICKSCOPE_PYTHON} ${CMAKE_SOURCE_DIR}/tools/embed_files.py --out ${EMBED_OUT} --ui ${EMBED_UI}
    --dashboards ${EMBED_DASHBOARDS} --schema ${EMBED_SCHEMA}
  DEPENDS ${EMBED_SOURCES} ${EMBED_SCHEMA} ${CMAKE_SOURCE_DIR}/tools/embed_files.py
  COMMENT "Embedding the console's files")
set_source_files_properties(${EMBED_OUT}.S PROPERTIES OBJECT_DEPENDS ${EMBED_OUT}.bin)
target_sources(tickscope_console PRIVATE ${EMBED_OUT}.S ${EMBED_OUT}.cc)
