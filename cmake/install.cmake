# SPDX-License-Identifier: Apache-2.0
#
# `cmake --install build/release`, with DESTDIR for packages: the binary, the units, the reference
# configuration where muster looks for it, the schemas.

if(TARGET muster)
  install(TARGETS muster RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# The units name the binary where this build will install it.
file(GLOB units CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/deploy/systemd/*.service)
foreach(unit IN LISTS units)
  get_filename_component(name ${unit} NAME)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${unit})
  file(READ ${unit} text)
  string(REPLACE "/usr/bin/muster" "${CMAKE_INSTALL_FULL_BINDIR}/muster" text "${text}")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/units/${name} CONTENT "${text}" @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/units/${name} DESTINATION lib/systemd/system)
endforeach()

if(EXISTS ${CMAKE_SOURCE_DIR}/conf/muster.conf)
  install(FILES conf/muster.conf DESTINATION /etc/muster)
endif()
install(DIRECTORY schemas DESTINATION ${CMAKE_INSTALL_DATADIR}/muster FILES_MATCHING PATTERN "*.avsc")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
