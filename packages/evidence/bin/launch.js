/**
 * What each command starts with. In the repository it runs the TypeScript source, where imports between the packages lead to
 * source too; as installed there is only the built JavaScript, and it runs that.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @param {URL} source the command's .ts file
 * @param {URL} built what it is built to
 */
export async function launch(source, built) {
  const path = fileURLToPath(source);
  if (!existsSync(path)) {
    await import(built.href);
    return;
  }
  if (process.execve === undefined) {
    const { node } = process.versions;
    process.stderr.write(
      `This is Node ${node}, and the project needs 24: run \`npm ci\`, which brings its own, and use npx.\n`,
    );
    process.exitCode = 2;
    return;
  }
  const flags = ["--conditions=countersign-source", "--disable-warning=ExperimentalWarning"];
  // The same process goes on as the command: signals, exit code and standard streams need no relay.
  process.removeAllListeners("warning");
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...flags, path, ...process.argv.slice(2)]);
}
