// The files that are part of the binary; CMake writes their texts.
#pragma once

#include <string_view>

namespace sluice::control {

extern const std::string_view PAGE;     // page.html
extern const std::string_view OPENAPI;  // openapi.yaml

}  // namespace sluice::control
