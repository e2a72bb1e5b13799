/** Where the console's pages are: each address shows the same document, which knows what stands there. */
export const consolePages: readonly string[] = [
  "/",
  "/inbox",
  "/approvals/:id",
  "/people",
  "/account",
  "/sign-in",
  "/setup",
];
