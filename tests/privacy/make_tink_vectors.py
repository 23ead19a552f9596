"""Recipe of tink_vectors.json: Tink itself encrypts, stsbench must read and repeat every byte.

Not a test and not run by them; Tink is no dependency. In a scratch environment of its own:

    python -m venv scratch && scratch/bin/pip install tink==1.16.1
    scratch/bin/python tests/privacy/make_tink_vectors.py > tests/privacy/tink_vectors.json

Salt and nonce prefix are Tink's random choice, so a new run gives other, equally good vectors.
Short bodies are kept whole; of long ones the SHA-256, which stsbench must reproduce.
"""

import hashlib
import io
import json
import sys

import tink
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

KEY = bytes(range(32))
CONTEXT = b"stsbench vectors, context"
TYPE_URL = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
HEADER = 40
# (segment size, plaintext lengths): empty, one byte, one below / at / above a segment's end
CASES = [
    (128, [0, 1, 71, 72, 73, 184, 185, 400]),
    (65536, [0, 1, 65479, 65480, 65481, 131000, 131001, 300000]),
]


class KeptOpen(io.BytesIO):
    """Tink closes what it writes to."""

    def close(self) -> None:
        pass


def plaintext(length: int) -> bytes:
    return bytes((i * 131 + (i >> 8) * 7) & 255 for i in range(length))


def primitive(segment: int):
    params = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=segment,
        derived_key_size=32,
        hkdf_hash_type=common_pb2.SHA256,
    )
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=params, key_value=KEY)
    keyset = tink_pb2.Keyset(
        primary_key_id=1,
        key=[
            tink_pb2.Keyset.Key(
                key_data=tink_pb2.KeyData(
                    type_url=TYPE_URL,
                    value=key.SerializeToString(),
                    key_material_type=tink_pb2.KeyData.SYMMETRIC,
                ),
                status=tink_pb2.ENABLED,
                key_id=1,
                output_prefix_type=tink_pb2.RAW,
            )
        ],
    )
    handle = cleartext_keyset_handle.read(tink.BinaryKeysetReader(keyset.SerializeToString()))
    return handle.primitive(streaming_aead.StreamingAead)


def main() -> None:
    streaming_aead.register()
    vectors = []
    for segment, lengths in CASES:
        tool = primitive(segment)
        for length in lengths:
            out = KeptOpen()
            with tool.new_encrypting_stream(out, CONTEXT) as stream:
                stream.write(plaintext(length))
            body = out.getvalue()
            vectors.append(
                {
                    "segment_bytes": segment,
                    "plain_length": length,
                    "salt": body[1:33].hex(),
                    "nonce_prefix": body[33:HEADER].hex(),
                    "body_sha256": hashlib.sha256(body).hexdigest(),
                    "body": body.hex() if segment == 128 else "",
                }
            )
    document = {
        "made_by": "tests/privacy/make_tink_vectors.py with Tink 1.16.1",
        "key": KEY.hex(),
        "associated_data": CONTEXT.hex(),
        "vectors": vectors,
    }
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
