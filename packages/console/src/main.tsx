import "./styles/base.css";
import "./styles/frame.css";
import "./styles/fields.css";
import "./styles/boxes.css";
import "./styles/lists.css";
import "./styles/approval.css";
import "./styles/door.css";
import "./styles/people.css";
import "./styles/narrow.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Console } from "./console.tsx";

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  );
}
