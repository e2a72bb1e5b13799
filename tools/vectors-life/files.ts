/** Every vector of a log's meaning: path below spec/vectors → content. */
import { controlCases } from "./control.ts";
import { runCases } from "./run.ts";
import { permitVectors, signatureVectors, textVectors } from "./texts.ts";
import { filesOf } from "./vector.ts";

export const lifeFormats = ["run", "control", "approval", "permit"] as const;

export function lifeVectors(): Map<string, string> {
  return new Map([
    ...filesOf("run", runCases),
    ...filesOf("control", controlCases),
    ...textVectors(),
    ...signatureVectors(),
    ...permitVectors(),
  ]);
}
