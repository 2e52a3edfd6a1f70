// S3ObjectStore: objstore::ObjectStore over Arrow's client of S3's protocol.
//
// Invariants   B1 An object shows when its last byte is there: small ones are one request, large ones are parts that
//                 the last request joins. Parts of an upload that was given up are the bucket's to clear away
//                 (docs/formats/objects.md has the rule).
//              B2 Nothing is asked of the server when a store is opened: a server that is down does not keep ours from
//                 starting.
//              B3 No key, token or signature is in an error.
// Threads      Thread-safe.
// Memory       A Put or Get holds its content once more; a PutFile at most four parts in flight and one being read.
// Cost         Requests: Put 1 up to 5 MB; Get 2, within a known size 1; Size 1, 3 when it is missing; List 1 a thousand objects, one more when nothing was found;
//              Delete 2 to 4.
#pragma once

#include <memory>

#include "base/error.h"
#include "objstore/object_store.h"
#include "objstore/s3_options.h"

namespace tickscope::columnar {

/// Errors: kInvalidArgument for options that contradict each other; kUnavailable when the client cannot be started.
[[nodiscard]] Result<std::unique_ptr<objstore::ObjectStore>> OpenS3ObjectStore(
    const objstore::S3Options& options);

}  // namespace tickscope::columnar
