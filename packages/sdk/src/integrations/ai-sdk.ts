/**
 * Gates the tools of a Vercel AI SDK agent (`ai` 7). The gate sits innermost, around each tool's `execute`, because every
 * other hook can be skipped or only observes: `toolApproval` may be absent, telemetry may be off, callbacks' errors are
 * swallowed. Whatever the model does, a tool's code runs only with a permit.
 *
 * ```ts
 * const tools = gateTools(run, { readFile: tool({ … }) });
 * await generateText({ model, tools, prompt });
 * ```
 */
import type { ToolSet } from "ai";
import type { Act, ActRequest, Run } from "../run.ts";

export type GateToolsOptions = Act & {
  /** Says more about a call than its name and arguments; the tool's contract in the policy bundle fills the rest. */
  readonly describe?: (toolName: string, args: unknown) => Partial<Omit<ActRequest, "args" | "argsText">>;
};

/**
 * The same tools, each `execute` behind the gate. The tool call's id is the idempotency key, so a framework that runs the
 * step again after a pause gets the same action, executed once.
 *
 * A denied, rejected or lapsed call throws its typed error, which the AI SDK hands to the model as a tool error.
 * Tools without `execute` (run by the client or the provider) cannot be gated here and are refused.
 *
 * @throws Error naming each tool that has no `execute`
 */
export function gateTools<T extends ToolSet>(run: Run, tools: T, options: GateToolsOptions = {}): T {
  const without = Object.entries(tools)
    .filter(([, tool]) => tool.execute === undefined)
    .map(([name]) => name);
  if (without.length > 0)
    throw new Error(
      `These tools run elsewhere and cannot be gated here: ${without.join(", ")}. Gate them where they run.`,
    );
  // The mapped object has the same keys and tool types as the one given; fromEntries cannot say so.
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => [name, gateTool(run, name, tool, options)]),
  ) as T;
}

function gateTool(run: Run, name: string, tool: ToolSet[string], options: GateToolsOptions): ToolSet[string] {
  const execute = tool.execute;
  if (execute === undefined) throw new Error(`Tool ${name} has no execute.`);
  return {
    ...tool,
    execute: async (input: unknown, context: Parameters<typeof execute>[1]) => {
      const request: ActRequest = {
        tool: name,
        ...options.describe?.(name, input),
        args: input ?? {},
        idempotencyKey: `ai-${run.id}-${context.toolCallId}`.slice(0, 128),
      };
      const { result } = await run.act(request, async (_permit, args) => last(await execute(args, context)), {
        ...options,
        ...(context.abortSignal === undefined ? {} : { signal: context.abortSignal }),
      });
      return result;
    },
  } as ToolSet[string]; // Same tool, same types; only its execute is wrapped.
}

/** A streaming tool's value is its last one. */
async function last(value: unknown): Promise<unknown> {
  if (typeof value !== "object" || value === null || !(Symbol.asyncIterator in value)) return value;
  let final: unknown;
  for await (const part of value as AsyncIterable<unknown>) final = part;
  return final;
}
