// SPDX-License-Identifier: BSL-1.0
//
// What is precompiled needs a library to be of; it is headers.hpp alone.
