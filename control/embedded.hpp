// The files that are part of the binary; CMake writes their texts.
#pragma once

#include <string_view>

namespace sluice::control {

struct PageFile {
  std::string_view path;  // in URLs: "/page/index.html"
  std::string_view content_type;
  std::string_view text;
};

// The dashboard's, in control/page; null: there is none of that path. Lives for ever.
[[nodiscard]] const PageFile* page_file(std::string_view path);

extern const std::string_view OPENAPI;  // openapi.yaml

}  // namespace sluice::control
