-- Recipes: the variants of the cell that a line makes. What names none is of the first.

CREATE TABLE plant.recipe (
    name    text PRIMARY KEY,
    title   text NOT NULL,
    ordinal integer NOT NULL
);

-- What a recipe has different from plant.signal.
CREATE TABLE plant.recipe_signal (
    recipe          text NOT NULL REFERENCES plant.recipe,
    station         text NOT NULL REFERENCES plant.station,
    equipment_group text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('telemetry', 'cell')),
    name            text NOT NULL,
    nominal         double precision NOT NULL,
    sd              double precision NOT NULL,
    low             double precision,
    high            double precision,
    PRIMARY KEY (recipe, station, equipment_group, kind, name)
);
