/**
 * The demo's agent: the AI SDK's loop with its mock model, so that it needs no network. The "model" follows a script, one
 * tool call per step, and reports what it was told; everything behind the tool call is real.
 */
import { createMCPClient } from "@ai-sdk/mcp";
import { StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";
import { generateText, stepCountIs } from "ai";
import { MockLanguageModelV4 } from "ai/test";

/** One thing the model does: call a tool, after `before` has happened in the world. */
export type ScriptedCall = {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** The world around the agent at this point, e.g. a person who approves while the call waits. */
  readonly meanwhile?: () => Promise<void>;
};

export type CallResult = { readonly tool: string; readonly failed: boolean; readonly text: string };

export type AgentOptions = {
  /** Command line of the MCP server the agent gets: our gateway in front of the real one. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly script: readonly ScriptedCall[];
};

/** Runs the script through the AI SDK and answers what each tool call came to. */
export async function runAgent({ command, args, env, script }: AgentOptions): Promise<CallResult[]> {
  const transport = new StdioMCPTransport({ command, args: [...args], env: { ...env }, stderr: "inherit" });
  const client = await createMCPClient({ transport });
  const results: CallResult[] = [];
  try {
    const tools = await client.tools();
    let step = 0;
    const model = new MockLanguageModelV4({
      modelId: "scripted",
      doGenerate: async () => {
        const call = script[step++];
        if (call === undefined) return answer([{ type: "text", text: "Done." }], "stop");
        return answer(
          [{ type: "tool-call", toolCallId: `call-${step}`, toolName: call.tool, input: JSON.stringify(call.args) }],
          "tool-calls",
        );
      },
    });
    await generateText({
      model,
      tools,
      prompt: "Tidy the workspace.",
      stopWhen: stepCountIs(script.length + 1),
      onToolExecutionStart: () => {
        // The world goes on while the gate holds the call.
        void script[step - 1]?.meanwhile?.();
      },
      onStepFinish: ({ content }) => {
        for (const part of content) {
          if (part.type === "tool-result") results.push({ tool: part.toolName, ...readOutput(part.output) });
          if (part.type === "tool-error") results.push({ tool: part.toolName, failed: true, text: String(part.error) });
        }
      },
    });
  } finally {
    await client.close();
  }
  return results;
}

type Generated = Awaited<ReturnType<MockLanguageModelV4["doGenerate"]>>;

function answer(content: Generated["content"], finish: "stop" | "tool-calls"): Generated {
  return {
    content,
    finishReason: { unified: finish, raw: finish },
    usage: {
      inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 0, text: 0, reasoning: 0 },
    },
    warnings: [],
  };
}

/** An MCP tool result as the model sees it. */
function readOutput(output: unknown): { failed: boolean; text: string } {
  if (typeof output !== "object" || output === null) return { failed: false, text: String(output) };
  const { isError, content } = output as { isError?: boolean; content?: readonly { text?: string }[] };
  return { failed: isError === true, text: (content ?? []).map((part) => part.text ?? "").join("\n") };
}
