// The names of the algorithms that a config may choose, separate from their implementation, so that the
// option schema is plain data.

export const hmacAlgorithms = ["sha1", "sha256", "sha384", "sha512"] as const;
export type HmacAlgorithm = (typeof hmacAlgorithms)[number];

export const publicKeyAlgorithms = ["ed25519", "ecdsa-sha256", "rsa-sha256", "rsa-sha1"] as const;
export type PublicKeyAlgorithm = (typeof publicKeyAlgorithms)[number];

export const jwtAlgorithms = ["HS256", "RS256", "ES256", "EdDSA"] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];
