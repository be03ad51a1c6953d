import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for localhost and its key, for tests only: anybody can read them here. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUOFdgY7uHx3NyRqNhl0Zaffvy1REwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMDEyMTY1M1oYDzIxMjYxMDI3
MTIxNjUzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQYOamV/q6KDVY3JOj6DC7qFU3WUt/yrjsuEsjABf2wjmC0TkxqK57/
Mw8Fx0wRlFAgtlawDbRw4gBAwjVMMwiyo28wbTAdBgNVHQ4EFgQUgyHe0205S5pj
c8ObuJINplrXlFMwHwYDVR0jBBgwFoAUgyHe0205S5pjc8ObuJINplrXlFMwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAPGFE8Jo6P7nYlUlt6dwR/s/SXsozA96hiR98ST6q6L6AiEA
u7jRx2KYY1zZqpt3LxaeylBtqZ2tmUSLKPu5ZCLFK/s=
-----END CERTIFICATE-----\n`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJVIh6aws/7hg/yhK
MZzVFWvSux8Lk9MyjDE0x4GcEKGhRANCAAQYOamV/q6KDVY3JOj6DC7qFU3WUt/y
rjsuEsjABf2wjmC0TkxqK57/Mw8Fx0wRlFAgtlawDbRw4gBAwjVMMwiy
-----END PRIVATE KEY-----\n`;

export interface TlsFiles extends Disposable {
  readonly certificate: string;
  readonly key: string;
}

/** The two as files. */
export function makeTlsFiles(): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), "mjh-tls-"));
  const files = { certificate: join(folder, "tls.crt"), key: join(folder, "tls.key") };
  writeFileSync(files.certificate, CERTIFICATE);
  writeFileSync(files.key, KEY);
  return {
    ...files,
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true });
    },
  };
}
