#!/usr/bin/env python3
"""Asks DuckDB the five questions of an organisation: python3 questions.py RECORDS.jsonl… [--parquet FILE] [--serial N] [--digest sha256:…] [--csv | --rows N]

Where is uncovered work on a protected branch, which refusals are in force, what is overdue, which repositories are not watched, and which
policies differ from the shared serial or digest (the most frequent one, where none is given). A repository that was asked again counts
with its last record of the files in order. Needs duckdb from PyPI.
"""

import argparse
import sys

import duckdb

COLUMNS = """{
  schema: 'VARCHAR', repository: 'VARCHAR', outcome: 'VARCHAR', heads: 'VARCHAR', bare: 'BOOLEAN',
  policy: 'STRUCT(ref VARCHAR, "commit" VARCHAR, serial UBIGINT, digest VARCHAR, file VARCHAR, signatures VARCHAR, components UBIGINT, protects VARCHAR[])',
  hooks: 'STRUCT(hook VARCHAR, watched BOOLEAN, says VARCHAR)[]',
  ci: 'STRUCT(path VARCHAR, names_certgate BOOLEAN)[]',
  branches: 'STRUCT(branch VARCHAR, judged UBIGINT, ungoverned UBIGINT, warned UBIGINT, covered_later UBIGINT, complete BOOLEAN, uncovered STRUCT("commit" VARCHAR, date TIMESTAMPTZ, subject VARCHAR, components STRUCT(id VARCHAR, outcome VARCHAR)[], codes VARCHAR[])[])[]',
  certificates: 'UBIGINT',
  refusals: 'STRUCT(certificate VARCHAR, path VARCHAR, components VARCHAR[], agent VARCHAR, status VARCHAR, class VARCHAR, date TIMESTAMPTZ)[]',
  conditions: 'STRUCT(certificate VARCHAR, path VARCHAR, condition VARCHAR, "by" DATE, overdue BOOLEAN)[]',
  bypasses: 'STRUCT(certificate VARCHAR, path VARCHAR, agent VARCHAR, until TIMESTAMPTZ, overdue BOOLEAN)[]',
  errors: 'STRUCT(part VARCHAR, code VARCHAR, message VARCHAR)[]'
}"""

QUESTIONS = {
    "uncovered work on a protected branch": """
        SELECT repository, b.branch, u."commit", strftime(u.date, '%Y-%m-%d') AS day, u.subject,
               list_transform(u.components, lambda c: c.id || ' ' || c.outcome) AS components
        FROM (SELECT repository, unnest(branches) AS b FROM records), LATERAL (SELECT unnest(b.uncovered) AS u)
        ORDER BY ALL""",
    "refusals in force": """
        SELECT repository, r.class, r.status, r.components, r.agent, r.certificate
        FROM (SELECT repository, unnest(refusals) AS r FROM records) ORDER BY r.class = 'stop' DESC, repository, r.certificate""",
    "overdue": """
        SELECT repository, c."by"::VARCHAR AS due, c.condition AS what, c.certificate
        FROM (SELECT repository, unnest(conditions) AS c FROM records) WHERE c.overdue
        UNION ALL
        SELECT repository, strftime(b.until, '%Y-%m-%d'), 'follow-up of a bypass', b.certificate
        FROM (SELECT repository, unnest(bypasses) AS b FROM records) WHERE b.overdue
        ORDER BY ALL""",
    "not watched": """
        SELECT repository, list_transform(list_filter(hooks, lambda h: NOT h.watched), lambda h: h.hook) AS hooks, len(ci) AS ci_files
        FROM records
        WHERE len(list_filter(hooks, lambda h: NOT h.watched)) > 0 AND len(list_filter(ci, lambda c: c.names_certgate)) = 0
        ORDER BY ALL""",
    "policies that differ": """
        SELECT repository, policy.serial AS serial, substr(policy.digest, 1, 19) AS digest,
               CASE WHEN policy IS NULL AND len(errors) > 0 THEN 'cannot be read' WHEN policy IS NULL THEN 'none'
                    WHEN policy.serial IS DISTINCT FROM shared.serial THEN 'another serial' ELSE 'another digest' END AS how
        FROM records, shared
        WHERE policy IS NULL OR policy.serial IS DISTINCT FROM shared.serial OR policy.digest <> shared.digest
        ORDER BY ALL""",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("records", nargs="+")
    parser.add_argument("--parquet")
    parser.add_argument("--serial", type=int)
    parser.add_argument("--digest")
    parser.add_argument("--csv", action="store_true", help="all rows, each with its question in front, separated by tabs")
    parser.add_argument("--rows", type=int, default=20, help="rows of each answer for people (default: 20)")
    asked = parser.parse_args()
    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    base.execute(
        f"""CREATE TABLE records AS SELECT * EXCLUDE (filename, line) FROM (
              SELECT *, row_number() OVER () AS line FROM read_json(?, format = 'newline_delimited', columns = {COLUMNS}, filename = true, maximum_object_size = 268435456))
            WHERE schema = 'certgate/audit/v1' QUALIFY row_number() OVER (PARTITION BY repository ORDER BY line DESC) = 1 ORDER BY repository""",
        [asked.records],
    )
    base.execute(
        """CREATE TABLE shared AS
             SELECT coalesce(?, policy.serial) AS serial, coalesce(?, policy.digest) AS digest FROM records
             WHERE policy IS NOT NULL AND (?::UBIGINT IS NULL OR policy.serial = ?)
             GROUP BY policy.serial, policy.digest ORDER BY count(*) DESC, policy.digest LIMIT 1""",
        [asked.serial, asked.digest, asked.serial, asked.serial],
    )
    if asked.parquet:
        base.execute(f"COPY records TO '{asked.parquet.replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
    for question, query in QUESTIONS.items():
        rows = base.execute(query).fetchall()
        if not asked.csv:
            print(f"\n{question}: {len(rows)}")
            rows = rows[: asked.rows]
        for row in rows:
            print("\t".join([question if asked.csv else " ", *map(str, row)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
