/** Light, dark, or as the system says; remembered by the browser. */
export type Theme = "system" | "light" | "dark";

const key = "sentiment-theme";

/** What was chosen before. A browser that keeps nothing shows the system's. */
export function storedTheme(): Theme {
	try {
		const stored = localStorage.getItem(key);
		return stored === "light" || stored === "dark" ? stored : "system";
	} catch {
		return "system";
	}
}

export function applyTheme(theme: Theme): void {
	if (theme === "system") delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = theme;
}

export function chooseTheme(theme: Theme): void {
	applyTheme(theme);
	try {
		if (theme === "system") localStorage.removeItem(key);
		else localStorage.setItem(key, theme);
	} catch {
		// it holds until the page is left
	}
}
