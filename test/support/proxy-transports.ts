import { tcpTransport, type Transport } from "./proxy-fixture.ts";

/** The ways to a node that every contract of the proxy is kept over. */
export const TRANSPORTS: readonly { readonly name: string; readonly transport: Transport }[] = [
  { name: "TCP", transport: tcpTransport },
];
