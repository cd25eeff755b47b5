// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/early_read.hpp>
#include <rill/detail/flight.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/late_read.hpp>
#include <rill/detail/stream_traits.hpp>

#include <type_traits>

namespace rill::RILL_FORM::net_detail {

/// How a stream is read, one read at a time.
template <class Stream>
using stream_read = std::conditional_t<reads_late<Stream>, late_read, early_read>;

/// And the flight of such a read, whose owner calls it read().
template <class Stream, class Owner, auto Landed>
using read_flight =
    std::conditional_t<reads_late<Stream>, prompt_flight<Owner, Landed>, flight<Owner, Landed>>;

/// The same for who cannot have it land while it begins.
template <class Stream, class Owner, auto Landed>
using posted_flight =
    std::conditional_t<reads_late<Stream>, prompt_flight<Owner, Landed, 1>, flight<Owner, Landed>>;

} // namespace rill::RILL_FORM::net_detail
