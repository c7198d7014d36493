// SPDX-License-Identifier: Apache-2.0
#include "stream_options.h"

#include <string>

#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

StatusOr<Duration> ReadTime(const Settings& settings, std::string_view name) {
  const Duration time = settings.Time(name);
  if (time < Duration::zero()) {
    return InvalidArgument(std::string(name) + ": must not be negative");
  }
  return time;
}

}  // namespace

StatusOr<StreamOptions> ReadStreamOptions(const Settings& settings) {
  StreamOptions options;
  ASSIGN_OR_RETURN(options.processing_timeout, ReadTime(settings, "processingTimeout"));
  ASSIGN_OR_RETURN(options.redeliver_interval, ReadTime(settings, "redeliverInterval"));
  ASSIGN_OR_RETURN(const Duration oldest, ReadTime(settings, "streamTTL"));
  options.oldest = std::chrono::ceil<std::chrono::milliseconds>(oldest);
  options.longest = settings.Integer("maxLenApprox");
  if (options.longest < 0) {
    return InvalidArgument("maxLenApprox: must not be negative");
  }
  return options;
}

}  // namespace MECHA_COMPONENT
