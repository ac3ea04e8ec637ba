#include "migrator/api.hpp"

namespace sluice::migrator {

const char* to_string(HoldPart part) noexcept {
  switch (part) {
    case HoldPart::drain:
      return "drain";
    case HoldPart::fence:
      return "fence";
    case HoldPart::head:
      return "head";
    case HoldPart::resync:
      return "resync";
    case HoldPart::record:
      return "record";
    case HoldPart::extend:
      return "extend";
    case HoldPart::rename:
      return "rename";
    case HoldPart::names:
      return "names";
    case HoldPart::hand_over:
      return "hand_over";
    case HoldPart::mark:
      return "mark";
    case HoldPart::unfence:
      return "unfence";
    case HoldPart::stragglers:
      return "stragglers";
    case HoldPart::release:
      return "release";
  }
  return "unknown";
}

}  // namespace sluice::migrator
