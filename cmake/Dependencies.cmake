find_package(Threads REQUIRED)
# Boost.System is headers alone, and has no library of its own from 1.89 on.
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
# Either client library serves: Oracle's libmysqlclient or MariaDB Connector/C, which Debian installs under the same name.
pkg_check_modules(mysqlclient REQUIRED IMPORTED_TARGET mysqlclient)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(liburing REQUIRED IMPORTED_TARGET liburing)

add_library(sluice_boost INTERFACE)
target_link_libraries(sluice_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(sluice_boost INTERFACE BOOST_ASIO_NO_DEPRECATED)
