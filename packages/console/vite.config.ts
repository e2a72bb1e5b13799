/** How the pages are built: one bundle, nothing inline, a place for the server's nonce in each tag that wants one. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  resolve: { conditions: ["countersign-source", "module", "browser", "development|production"] },
  html: { cspNonce: "countersign-nonce" },
  build: {
    target: "es2024",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.txt" },
  },
});
