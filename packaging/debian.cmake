# The Debian packages: `ninja debs`. `innkeeper` has everything. `libvirt-daemon` and `libvirt-daemon-system` are empty and
# take the place of Debian's packages of these names as newer versions of them. That matters: an upgrade leaves guests
# alone, while the scripts with which Debian's are removed stop libvirt-guests.service and with it every guest. So these
# two are not merely provided, and `innkeeper` cannot be installed without them.
set(epoch 1)   # above all of Debian's versions, so that no update of theirs takes ours away
set(version 9.0.0+innkeeper${PROJECT_VERSION})
set(replaced libvirt-daemon-driver-qemu libvirt-daemon-system-systemd)

# Those that are never stopped nor restarted while guests run, which write into their pipes and live by their locks.
set(helpers virtlogd virtlockd)
foreach(helper ${helpers})
    list(APPEND helper_sockets ${helper}.socket ${helper}-admin.socket)
endforeach()
set(daemon_sockets libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket)
set(enabled_sockets ${helper_sockets} ${daemon_sockets})
set(enabled libvirtd.service ${enabled_sockets})
set(INNKEEPER_START_GUESTS "")
if(TARGET libvirt-guests)
    list(APPEND enabled libvirt-guests.service)
    set(INNKEEPER_START_GUESTS "deb-systemd-invoke start libvirt-guests.service >/dev/null || true")
endif()
set(restarted ${daemons})
list(REMOVE_ITEM restarted ${helpers})
list(JOIN helpers " " INNKEEPER_HELPER_WORDS)
list(JOIN restarted " " INNKEEPER_RESTARTED_WORDS)
list(JOIN helper_sockets " " INNKEEPER_HELPER_SOCKETS)
list(JOIN daemon_sockets " " INNKEEPER_DAEMON_SOCKETS)
list(JOIN enabled " " INNKEEPER_ENABLED)
list(JOIN enabled_sockets " " INNKEEPER_ENABLED_SOCKETS)
foreach(script postinst prerm postrm)
    configure_file(debian/${script}.in ${made}/debian/${script} @ONLY
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    list(APPEND scripts ${made}/debian/${script})
endforeach()
foreach(package innkeeper libvirt-daemon libvirt-daemon-system)
    install(FILES debian/copyright DESTINATION share/doc/${package} COMPONENT ${package})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME innkeeper)
set(CPACK_PACKAGE_CONTACT "Innkeeper <innkeeper@localhost>")
set(CPACK_COMPONENTS_ALL innkeeper libvirt-daemon libvirt-daemon-system)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_EPOCH ${epoch})
set(CPACK_DEBIAN_PACKAGE_VERSION ${version})
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
execute_process(COMMAND dpkg --print-architecture OUTPUT_VARIABLE architecture OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)

set(CPACK_COMPONENT_INNKEEPER_DESCRIPTION "virtualization daemon, compatible with libvirt's
Looks after the virtual machines of a host. Clients of libvirt (virsh, virt-manager, the bindings for many languages)
connect to it unmodified, and it finds the guests that are defined on the host.")
set(CPACK_DEBIAN_INNKEEPER_PACKAGE_NAME innkeeper)
set(CPACK_DEBIAN_INNKEEPER_FILE_NAME innkeeper_${version}_${architecture}.deb)
set(CPACK_DEBIAN_INNKEEPER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_INNKEEPER_PACKAGE_CONTROL_EXTRA ${scripts})
set(CPACK_DEBIAN_INNKEEPER_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(is "(= ${epoch}:${version})")
string(CONCAT CPACK_DEBIAN_INNKEEPER_PACKAGE_DEPENDS "systemd, polkitd | policykit-1, libvirt-clients, logrotate, "
    "libvirt-daemon ${is}, libvirt-daemon-system ${is}")
string(CONCAT CPACK_DEBIAN_INNKEEPER_PACKAGE_RECOMMENDS "qemu-system-x86 | qemu-system, qemu-utils, dnsmasq-base, dmidecode, nftables, "
    "iproute2, systemd-container, libvirt-daemon-config-network, libvirt-daemon-config-nwfilter, swtpm, swtpm-tools, ovmf")
# A conflict with the versions that have files, not a replacement of them: with that, the way back would leave out those files
# of Debian's that ours has at that moment, and then remove ours.
string(CONCAT CPACK_DEBIAN_INNKEEPER_PACKAGE_CONFLICTS "libvirt-daemon (<< ${epoch}:0), libvirt-daemon-system (<< ${epoch}:0), "
    "libvirt-daemon-system-sysv")
foreach(package ${replaced})
    string(APPEND CPACK_DEBIAN_INNKEEPER_PACKAGE_CONFLICTS ", ${package}")
    list(APPEND provided "${package} ${is}")
endforeach()
list(JOIN provided ", " CPACK_DEBIAN_INNKEEPER_PACKAGE_PROVIDES)
list(JOIN replaced ", " CPACK_DEBIAN_INNKEEPER_PACKAGE_REPLACES)
foreach(package libvirt-daemon libvirt-daemon-system)
    string(TOUPPER ${package} upper)
    set(CPACK_COMPONENT_${upper}_DESCRIPTION "libvirt's daemon, as Innkeeper has it
An empty package that depends on innkeeper, in the place of Debian's.")
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
    set(CPACK_DEBIAN_${upper}_FILE_NAME ${package}_${version}_all.deb)
    set(CPACK_DEBIAN_${upper}_PACKAGE_ARCHITECTURE all)
    set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "innkeeper ${is}")
endforeach()
include(CPack)

set(contents ${programs} innkeeper-generator packaging)
if(TARGET libvirt-guests)
    list(APPEND contents libvirt-guests)
endif()
set(debs ${CMAKE_BINARY_DIR}/debs)
add_custom_target(debs
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${debs}
    COMMAND ${CMAKE_CPACK_COMMAND} -B ${debs} > ${CMAKE_BINARY_DIR}/debs.log
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${debs}/_CPack_Packages
    DEPENDS ${contents} WORKING_DIRECTORY ${CMAKE_BINARY_DIR} VERBATIM)
