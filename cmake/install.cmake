# SPDX-License-Identifier: Apache-2.0
#
# `cmake --install build/release` with DESTDIR: the binary, the units, the reference configuration, the schemas.

if(TARGET muster)
  install(TARGETS muster RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY deploy/systemd/ DESTINATION lib/systemd/system FILES_MATCHING PATTERN "*.service")
if(EXISTS ${CMAKE_SOURCE_DIR}/conf/muster.conf)
  install(FILES conf/muster.conf DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/muster)
endif()
install(DIRECTORY schemas/ DESTINATION ${CMAKE_INSTALL_DATADIR}/muster/schemas FILES_MATCHING PATTERN "*.avsc")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
