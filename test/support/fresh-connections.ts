import { Agent, fetch, setGlobalDispatcher } from "undici";

/**
 * A connection for each request, in every end-to-end test: the tests run commands that block this process for seconds,
 * and a server may have closed an idle connection meanwhile without anybody here having seen it.
 */
setGlobalDispatcher(new Agent({ pipelining: 0 }));
globalThis.fetch = fetch as typeof globalThis.fetch;
