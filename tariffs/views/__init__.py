"""Pages of tariffs, rates, rate imports, exchange rates and the simulator."""
