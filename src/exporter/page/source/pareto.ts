/** Which of the points no other beats: none has as much quality for less cost, or more for as much. */
export function paretoFront(points: { cost: number; quality: number }[]): boolean[] {
	return points.map(
		(point) =>
			!points.some(
				(other) =>
					other.cost <= point.cost &&
					other.quality >= point.quality &&
					(other.cost < point.cost || other.quality > point.quality),
			),
	);
}
