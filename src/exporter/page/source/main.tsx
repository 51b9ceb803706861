import { render } from "preact";
import { Application } from "./application.tsx";
import { applyTheme, storedTheme } from "./theme.ts";

applyTheme(storedTheme());
const place = document.getElementById("application");
if (place) {
	place.textContent = "";
	render(<Application />, place);
}
