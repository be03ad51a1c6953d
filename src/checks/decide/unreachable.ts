import type { AppError } from "../../errors.ts";
import { lossOf } from "../../node-loss.ts";
import { type Verdict, wrong } from "./finding.ts";

/** Why a node could not be asked, with what mends just that. */
export function judgeFailure(node: string, failure: AppError): Verdict {
  return wrong(failure.message, lossOf(node, failure).remedy);
}
