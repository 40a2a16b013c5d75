"""Taking over an integration from another engine, with proof: compare, draft, measure a change, reproduce a failure."""
