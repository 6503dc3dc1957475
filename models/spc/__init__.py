"""Statistical process control: charts, their exact run lengths, limits from an alarm budget."""
